"""What lets a run be bounded, stopped and resumed: rate, order of the data, the last checkpoint."""

import math
from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint, Timer


def budget_used(trainer: Trainer) -> float:
    """Fraction of max_steps, max_epochs or max_time that is spent, whichever is furthest."""
    fractions = [0.0]
    if trainer.max_steps > 0:
        fractions.append(trainer.global_step / trainer.max_steps)
    if trainer.max_epochs is not None and trainer.max_epochs > 0:
        steps = trainer.max_epochs * max(int(trainer.num_training_batches), 1)
        fractions.append(trainer.global_step / steps)
    for callback in trainer.callbacks:  # pyright: ignore[reportAttributeAccessIssue]
        if isinstance(callback, Timer) and callback.time_remaining() is not None:
            elapsed, left = callback.time_elapsed(), callback.time_remaining()
            fractions.append(elapsed / max(elapsed + (left or 0.0), 1e-9))
    return min(max(fractions), 1.0)


class CosineToBudget(Callback):
    """Warm up for a few steps, then follow a cosine to 2 % of the peak learning rate."""

    def __init__(self, warmup_steps: int = 50) -> None:
        self.warmup_steps = warmup_steps

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: object, batch_idx: int
    ) -> None:
        warmup = min((trainer.global_step + 1) / self.warmup_steps, 1.0)
        cosine = 0.51 + 0.49 * math.cos(math.pi * budget_used(trainer))
        for optimizer in trainer.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group.setdefault("peak_lr", group["lr"]) * warmup * cosine


class LastCheckpoint(ModelCheckpoint):
    """Keeps last.ckpt up to date, and brings it to the very end of the training.

    Lightning's own leaves it as it was some steps before a budget of minutes ran out, and does not
    overwrite that of an earlier run.
    """

    def __init__(self, dirpath: str, every_n_train_steps: int = 100) -> None:
        super().__init__(
            dirpath=dirpath,
            save_last=True,
            save_top_k=0,
            every_n_train_steps=every_n_train_steps,
            enable_version_counter=False,
        )

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert self.dirpath is not None
        trainer.save_checkpoint(Path(self.dirpath) / f"{self.CHECKPOINT_NAME_LAST}.ckpt")


def draw_seed(seed: int, trainer: Trainer | None) -> int:
    """A seed for what is drawn from now on: a resumed run does not repeat its beginning."""
    return seed if trainer is None else seed + 1_000_003 * trainer.global_step


def adamw(
    module: torch.nn.Module, learning_rate: float, weight_decay: float
) -> torch.optim.Optimizer:
    """AdamW that decays matrices only."""
    trained = [p for p in module.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.98))
