"""`python -m vqvae pretrain-encoder | fit | validate | test | export`."""

import argparse
import sys
import warnings
from pathlib import Path


def main(arguments: list[str] | None = None) -> None:
    """Run one verb; see `python -m vqvae --help`."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["export"]:
        _export(arguments[1:])
    elif arguments[:1] == ["pretrain-encoder"]:
        _pretrain_encoder(arguments[1:])
    else:
        _train_tokenizer(arguments)


def _export(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m vqvae export")
    parser.add_argument("--checkpoint", type=Path, required=True, help="runs/.../last.ckpt")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    parsed = parser.parse_args(arguments)
    from vqvae.export import export

    export(parsed.checkpoint, parsed.output)


def _pretrain_encoder(arguments: list[str]) -> None:
    from vqvae.encoder_data import PartData
    from vqvae.encoder_training import EncoderTraining

    _run(EncoderTraining, PartData, ["fit", *arguments])


def _train_tokenizer(arguments: list[str]) -> None:
    from vqvae.grasp_data import GraspData
    from vqvae.training import TokenizerTraining

    _run(TokenizerTraining, GraspData, arguments)


def _run(module: type, data: type, arguments: list[str]) -> None:
    from lightning.pytorch.cli import LightningCLI

    # Lightning fears that two lists of arguments are mixed up; these replace sys.argv.
    warnings.filterwarnings("ignore", message="LightningCLI's args parameter")
    # Our data module does not use workers, and the object encoder is frozen on purpose.
    warnings.filterwarnings("ignore", message="Your `IterableDataset` has `__len__`")
    warnings.filterwarnings("ignore", message="Found .* module.s. in eval mode")
    warnings.filterwarnings("ignore", message=".* does not have many workers")
    LightningCLI(
        module,
        data,
        args=arguments,
        auto_configure_optimizers=False,
        save_config_kwargs={"overwrite": True},
    )


if __name__ == "__main__":
    main()
