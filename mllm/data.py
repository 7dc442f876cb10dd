"""The data module: a packed data set, read through a frozen grasp tokenizer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import torch
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader, IterableDataset

from mllm.classroom import BatchShape, Classroom, LanguageStep, Mixture
from mllm.encoded_grasps import EncodedGrasps, encode_split_cached
from mllm.examination import Question, draw_questions
from mllm.lessons import group_of, lessons_of
from mllm.synonyms import Rewording
from semgrasp.dataset import PackedDataset
from semgrasp.errors import InputError
from semgrasp.language import GRASP, GraspLanguageModel, Vocabulary
from semgrasp.tokenizer import GraspTokenizer
from vqvae.object_views import ViewConfig
from vqvae.schedule import draw_seed

Split = Literal["train", "val", "test"]


class _Steps(IterableDataset):
    def __init__(self, classroom: Classroom, passes: int) -> None:
        self.classroom, self.passes = classroom, passes

    def __len__(self) -> int:
        return len(self.classroom) * self.passes

    def __iter__(self) -> Iterator[LanguageStep]:
        for _ in range(self.passes):
            yield from self.classroom.steps()


class LanguageData(LightningDataModule):
    """Lessons for training, questions for validation.

    Args:
        folder: A packed data set.
        tokenizer: Folder of the frozen grasp tokenizer.
        cache: Folder where encoded objects and grasps are kept between runs; none to keep nothing.
        views: Disturbed views per training object.
        view: How views are disturbed.
        shape: How much one step reads.
        passes_per_epoch: Passes over the objects between validations.
        questions: Instructions asked in validation.
        seed: Of views, order and questions; a run that is resumed draws a new order.
    """

    def __init__(
        self,
        folder: str = "data/open/packed",
        tokenizer: str = "semgrasp/checkpoints/default/tokenizer",
        cache: str | None = "runs/mllm/cache",
        views: int = 6,
        view: ViewConfig = ViewConfig(),  # noqa: B008
        shape: BatchShape = BatchShape(),  # noqa: B008
        passes_per_epoch: int = 2,
        questions: int = 192,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.folder, self.tokenizer_folder = Path(folder), Path(tokenizer)
        self.cache = None if cache is None else Path(cache)
        self.views, self.view, self.shape = views, view, shape
        self.passes_per_epoch, self.num_questions, self.seed = passes_per_epoch, questions, seed
        self.packed: PackedDataset | None = None
        self.grasp_tokenizer: GraspTokenizer | None = None
        self.classroom: Classroom | None = None
        self.encoded: dict[Split, EncodedGrasps] = {}
        self.questions: dict[Split, list[Question]] = {}

    def prepare_lessons(self, model: GraspLanguageModel, stage: str) -> None:
        """Encode what the stage needs; called by the training module, which owns the words."""
        data, tokenizer = self._open()
        splits: tuple[Split, ...] = ("test",) if stage == "test" else ("train", "val")
        for split in splits:
            if split in self.encoded:
                continue
            rows = data.split(split)
            if not len(rows):
                raise ValueError(f"{self.folder} has no grasps in the {split} split. Pack more.")
            self.encoded[split] = self._encode(data, tokenizer, split, rows)
            lessons = lessons_of(data, rows)
            groups = {row: group_of(data, row) for row in rows.tolist()}
            if split == "train":
                rewording = Rewording(model, chance=self.shape.rewording)
                self.classroom = Classroom(
                    self.encoded[split],
                    lessons,
                    groups,
                    model.vocabulary,
                    self.shape,
                    rewording,
                    self.seed,
                )
            else:
                self.questions[split] = draw_questions(data, lessons, self.num_questions, self.seed)

    def codebooks(self) -> torch.Tensor:
        """Code vectors of the grasp tokenizer, (3, codes, d)."""
        _, tokenizer = self._open()
        index = torch.arange(tokenizer.config.codebook_size)
        return torch.stack([book.look_up(index) for book in tokenizer.codebooks]).detach()  # type: ignore[operator]

    def answer_words(self, vocabulary: Vocabulary) -> torch.Tensor:
        """Token ids of everything that gpt says in the data set."""
        data, _ = self._open()
        # Beside the grasp, or alone where the model describes what it is shown.
        pieces = {
            form
            for captions in data.captions
            for caption in captions
            for turn in caption["turns"]
            if turn["from"] == "gpt"
            for piece in turn["value"].split(GRASP)
            for form in (piece, piece.strip())
        }
        return torch.tensor(sorted({i for piece in pieces for i in vocabulary.text_ids(piece)}))

    def set_mixture(self, mixture: Mixture) -> None:
        """Change what the next steps teach."""
        assert self.classroom is not None
        self.classroom.mixture = mixture

    def train_dataloader(self) -> DataLoader:
        assert self.classroom is not None, "the training module prepares the lessons"
        # Lightning divides no iterable data among the processes of several GPUs.
        trainer = self.trainer
        if trainer is not None:
            self.classroom.rank = trainer.global_rank
            self.classroom.processes = trainer.world_size
        self.classroom.seed = draw_seed(self.seed, trainer)
        if len(self.classroom) == 0:
            raise InputError(
                f"{self.folder} has captions of too few training objects: a step reads "
                f"{self.shape.objects} of them (data.shape.objects) in each of "
                f"{self.classroom.processes} processes. Pack more captions."
            )
        return DataLoader(_Steps(self.classroom, self.passes_per_epoch), batch_size=None)

    def val_dataloader(self) -> DataLoader:
        return self._questions("val")

    def test_dataloader(self) -> DataLoader:
        return self._questions("test")

    def _questions(self, split: Split) -> DataLoader:
        return DataLoader(self.questions[split], batch_size=None, collate_fn=None)  # type: ignore[arg-type]

    def _open(self) -> tuple[PackedDataset, GraspTokenizer]:
        if self.packed is None or self.grasp_tokenizer is None:
            self.packed = PackedDataset.load(self.folder)
            self.grasp_tokenizer = GraspTokenizer.from_pretrained(self.tokenizer_folder)
        return self.packed, self.grasp_tokenizer

    def _encode(
        self, data: PackedDataset, tokenizer: GraspTokenizer, split: Split, rows: torch.Tensor
    ) -> EncodedGrasps:
        disturbed = split == "train"
        files = [
            self.tokenizer_folder / "model.safetensors",
            self.folder / "grasps.safetensors",
            self.folder / "objects.safetensors",
        ]
        stamps = [(str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files]
        settings = (split, self.views, self.view, self.seed) if disturbed else (split,)
        return encode_split_cached(
            self.cache,
            repr((stamps, settings)),
            data=data,
            rows=rows,
            tokenizer=tokenizer,
            num_views=self.views,
            disturbed=disturbed,
            view=self.view,
            seed=self.seed,
        )
