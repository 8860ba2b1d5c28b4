"""Runs the peer with what a machine lacks of its libraries: those that are installed there come first.

    python peer.py MODEL_FOLDER [OPTIONS]
"""

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1] / "python"))
sys.argv[0] = str(HERE.parent / "peers" / "kronfluence_peer.py")
runpy.run_path(sys.argv[0], run_name="__main__")
