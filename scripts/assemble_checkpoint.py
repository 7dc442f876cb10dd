"""Put a trained tokenizer and language model together as a checkpoint that `semgrasp` loads.

    python scripts/assemble_checkpoint.py --tokenizer runs/tokenizer/export \\
        --language runs/language/export --output semgrasp/checkpoints/default
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from semgrasp.generate import checkpoint_digest, load_checkpoint, seal_checkpoint

SHIPPED = Path("semgrasp/checkpoints")
LIMIT_MB = 40
"""Of what is shipped with the package; elsewhere a checkpoint may have any size."""


def main() -> None:
    """Copy both folders, list their digests, load the result once, then put it in place."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokenizer", type=Path, required=True, help="from save_pretrained")
    parser.add_argument("--language", type=Path, required=True, help="from save_pretrained")
    parser.add_argument("--output", type=Path, default=Path("semgrasp/checkpoints/default"))
    options = parser.parse_args()

    options.output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.output.parent) as staging:
        folder = Path(staging) / "checkpoint"
        shutil.copytree(options.tokenizer, folder / "tokenizer")
        shutil.copytree(options.language, folder / "language")
        if (options.output / "README.md").exists():
            shutil.copy(options.output / "README.md", folder)
        seal_checkpoint(folder)
        load_checkpoint(folder)
        megabytes = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6
        if megabytes > LIMIT_MB and options.output.resolve().is_relative_to(SHIPPED.resolve()):
            parser.error(f"{megabytes:.1f} MB; at most {LIMIT_MB} MB are shipped.")
        if options.output.exists():
            os.replace(options.output, Path(staging) / "previous")
        os.replace(folder, options.output)
    print(f"{options.output}: {megabytes:.1f} MB, digest {checkpoint_digest(options.output)}")


if __name__ == "__main__":
    main()
