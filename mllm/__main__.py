"""`python -m mllm fit | validate | test | export`."""

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> None:
    """Run one verb; see `python -m mllm --help`."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["export"]:
        _export(arguments[1:])
    else:
        _train(arguments)


def _export(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m mllm export")
    parser.add_argument("--checkpoint", type=Path, required=True, help="runs/.../last.ckpt")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    parser.add_argument(
        "--kind", default="model", choices=("model", "adapter", "backbone"),
        help="what the library loads; the adapters in peft's layout; or the merged backbone in "
        "Hugging Face's layout (default: model)",
    )  # fmt: skip
    parsed = parser.parse_args(arguments)
    from mllm.export import export

    export(parsed.checkpoint, parsed.output, parsed.kind)


def _train(arguments: list[str]) -> None:
    from lightning.pytorch.cli import LightningCLI

    from mllm.data import LanguageData
    from mllm.training import LanguageTraining

    LightningCLI(
        LanguageTraining,
        LanguageData,
        args=arguments,
        auto_configure_optimizers=False,
        save_config_kwargs={"overwrite": True},
    )


if __name__ == "__main__":
    main()
