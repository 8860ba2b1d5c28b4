// Conveniences: every page works without this script.
"use strict";

const sequences = [...document.querySelectorAll(".sequence")];

function move(step) {
  const at = sequences.indexOf(document.activeElement.closest(".sequence"));
  const next = sequences[Math.min(sequences.length - 1, Math.max(0, at + step))];
  if (next) {
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
}

function follow(link) {
  if (link) {
    link.click();
  }
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  o: () => document.activeElement.closest(".sequence")?.querySelector(".whole")?.click(),
  Enter: () => follow(document.activeElement.closest(".sequence")?.querySelector(".more")),
  "[": () => follow(document.getElementById("previous")),
  "]": () => follow(document.getElementById("next")),
  "/": () => document.querySelector("input[type=search]")?.focus(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=checkbox]), textarea, select");
  const acting = event.key === "Enter" && event.target.matches("a, button, input");
  if (typing || acting || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) {
    return;
  }
  event.preventDefault();
  keys[event.key]();
});

// Choices take effect as soon as they are made.
for (const form of document.querySelectorAll("form[data-submit=change]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

// What a browser can do with a page beyond links.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Copied";
  });
}
for (const button of document.querySelectorAll("[data-picture]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const picture = new Image();
    picture.src = button.dataset.picture;
    await picture.decode();
    const canvas = document.createElement("canvas");
    canvas.width = 2 * picture.naturalWidth;
    canvas.height = 2 * picture.naturalHeight;
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((png) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(png);
      link.download = "whence.png";
      link.click();
      URL.revokeObjectURL(link.href);
    });
  });
}

function duration(seconds) {
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

// A question on its way: its state is asked for until it is over.
const state = document.querySelector("[data-progress]");
if (state) {
  const bar = document.getElementById("progress");
  const ask = async () => {
    try {
      const answer = await (await fetch(state.dataset.progress)).json();
      if (answer.over || (answer.estimates && !document.getElementById("estimates"))) {
        location.reload();
        return;
      }
      const amount = answer.total > 0 ? `: ${answer.done} of ${answer.total} ${answer.unit}` : "";
      const left = answer.seconds_left >= 0 ? `, ${duration(answer.seconds_left)} left` : "";
      state.textContent = answer.state + amount + left;
      bar.max = answer.total || 1;
      bar.value = answer.done;
    } catch {
      state.textContent = "the server does not answer";
    }
    setTimeout(ask, 250);
  };
  ask();
}
