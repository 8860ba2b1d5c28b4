"""Trains the dictionary model's tokenizer: byte-level BPE with 4,096 entries. Needs `pip install tokenizers`.

    ./whence dictionary dictionary.jsonl
    python models/dictionary/make_tokenizer.py dictionary.jsonl models/dictionary/tokenizer.json
"""

import json
import sys

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

END = "<|endoftext|>"

corpus, output = sys.argv[1:]
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
trainer = trainers.BpeTrainer(
    vocab_size=4096,
    special_tokens=[END],
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    show_progress=False,
)
with open(corpus, encoding="utf-8") as lines:
    tokenizer.train_from_iterator((json.loads(line)["text"] for line in lines), trainer)
# The same token begins and ends a document, as GPT-2's does.
tokenizer.post_processor = processors.TemplateProcessing(
    single=f"{END} $A {END}", special_tokens=[(END, tokenizer.token_to_id(END))]
)
tokenizer.save(output)
