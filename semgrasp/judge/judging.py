"""Judge many grasps: mix in controls blind, ask in parallel, keep every answer at once."""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from semgrasp.errors import InputError, SemgraspError
from semgrasp.evaluation import GraspSample
from semgrasp.evaluation.entry import Damaged
from semgrasp.judge.answer import Answer
from semgrasp.judge.cache import AnswerCache, Question, default_cache
from semgrasp.judge.chat import AskingFailedError, Chat
from semgrasp.judge.cost import CostEstimate, Price, estimate_cost
from semgrasp.judge.judgement import GOOD, Failure, Judgement, Scored
from semgrasp.judge.settings import INSTRUCTION_MARK, JudgeSettings, read_prompt
from semgrasp.judge.views import PICTURE_SIZE, draw, png_bytes
from semgrasp.judge.wrong import wrong_grasps

_GIVE_UP_AFTER = 8
"""Questions in a row without an answer after which the server is taken to be down."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A grasp to ask about."""

    sample: GraspSample
    control: str = ""
    """Empty for a grasp under judgement; known to the report alone, never to the server."""


def candidates(
    samples: Sequence[GraspSample], truths: Sequence[GraspSample] = ()
) -> list[Candidate]:
    """Grasps to be asked about: those given, good controls, and wrong ones made from the good."""
    wrong = [Candidate(sample, kind) for kind, sample in wrong_grasps(truths)]
    good = [Candidate(sample, GOOD) for sample in truths]
    return [*(Candidate(sample) for sample in samples), *good, *wrong]


def estimate(
    asked: Sequence[Candidate],
    settings: JudgeSettings,
    *,
    prompt: str | None = None,
    repeats: int = 1,
    price: Price | None = None,
) -> CostEstimate:
    """What asking about these costs if none of the answers is kept from an earlier run."""
    text = read_prompt() if prompt is None else prompt
    lengths = [len(c.sample.instruction) for c in asked if c.sample.instruction.strip()]
    longest = max(lengths, default=0)
    return estimate_cost(
        settings.model,
        len(lengths) * repeats,
        prompt_characters=len(text) + longest,
        picture_size=PICTURE_SIZE,
        price=price,
    )


def judge(
    asked: Sequence[Candidate] | Sequence[GraspSample],
    settings: JudgeSettings,
    *,
    prompt: str | None = None,
    repeats: int = 1,
    seed: int = 0,
    cache: Path | None = None,
    pictures: Path | None = None,
    damaged: Sequence[Damaged] = (),
    progress: Callable[[int], object] = lambda count: None,
) -> Judgement:
    """Ask a vision model how well grasps fit their instructions.

    Answers are kept as they come: a run that was stopped, killed or partly failed goes on where
    it was, and the same run again sends nothing.

    Args:
        asked: Grasps, or what `candidates` made of them and of grasps known to be right. They are
            asked about in an order drawn by `seed`; nothing that is sent tells them apart.
        prompt: Text with `{instruction}` in it; the package's own by default.
        repeats: How often each question is asked, to measure agreement.
        cache: Folder of kept answers; the user's cache folder by default.
        pictures: Folder to write the pictures to that the judge sees.
        damaged: Grasps that could not be read, to be named among the failures.
        progress: Called with 1 after each grasp.

    Raises:
        InputError: Nothing to judge, or settings that cannot work.
        ServerRefusedError: The server answers nobody.
        SemgraspError: The server seems to be down.
    """
    if repeats < 1:
        raise InputError(f"repeats must be at least 1, got {repeats}.")
    failures = [Failure(name, reason) for name, reason in damaged]
    able: list[Candidate] = []
    for entry in asked:
        candidate = Candidate(entry) if isinstance(entry, GraspSample) else entry
        if candidate.sample.instruction.strip():
            able.append(candidate)
        else:
            reason = "It has no instruction to be judged by."
            failures.append(Failure(candidate.sample.name, reason))
    if not able:
        raise InputError(
            "No grasp has an instruction to be judged by. Give one for all with --instruction."
        )
    text = read_prompt() if prompt is None else prompt
    run = _Run(settings, text, repeats, AnswerCache(cache or default_cache()), pictures)
    order = random.Random(seed).sample(range(len(able)), len(able))
    scored = run.ask_all(able, order, progress)
    return Judgement(
        settings=settings,
        prompt=text,
        seed=seed,
        repeats=repeats,
        scored=tuple(entry for entry in scored if not entry.control),
        controls=tuple(entry for entry in scored if entry.control),
        failures=tuple(sorted(failures + run.failures, key=lambda f: (f.name, f.repeat or 0))),
        traffic=run.chat.traffic,
        from_cache=run.from_cache,
    )


class _Run:
    """The threads of one run and what they share."""

    def __init__(
        self,
        settings: JudgeSettings,
        prompt: str,
        repeats: int,
        cache: AnswerCache,
        pictures: Path | None,
    ) -> None:
        self._settings = settings
        self._prompt = prompt
        self._repeats = repeats
        self._cache = cache
        self._pictures = pictures
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._failed_in_a_row = 0
        self.chat = Chat(settings, self._stop)
        self.failures: list[Failure] = []
        self.from_cache = 0

    def ask_all(
        self, asked: Sequence[Candidate], order: Sequence[int], progress: Callable[[int], object]
    ) -> list[Scored]:
        """Answers about all, in the order of `asked`, asked in another order."""
        waiting: SimpleQueue[int] = SimpleQueue()
        done: SimpleQueue[tuple[int, Scored | BaseException]] = SimpleQueue()
        for i in order:
            waiting.put(i)

        def work() -> None:
            while not self._stop.is_set():
                try:
                    i = waiting.get_nowait()
                except Empty:
                    return
                try:
                    done.put((i, self._ask_about(asked[i])))
                except BaseException as error:
                    done.put((i, error))

        # Daemons: after Ctrl-C nobody waits for requests that are under way.
        for _ in range(min(self._settings.concurrency, len(asked))):
            threading.Thread(target=work, daemon=True).start()
        results: dict[int, Scored] = {}
        try:
            while len(results) < len(asked):
                i, outcome = done.get()
                if isinstance(outcome, BaseException):
                    raise outcome
                results[i] = outcome
                progress(1)
        finally:
            # After an error nothing further is sent, and no wait is sat out.
            self._stop.set()
            self.chat.close()
        return [results[i] for i in range(len(asked))]

    def _ask_about(self, candidate: Candidate) -> Scored:
        sample = candidate.sample
        png = png_bytes(draw(sample, size=PICTURE_SIZE))
        if self._pictures is not None:
            self._keep_picture(sample.name, png)
        prompt = self._prompt.replace(INSTRUCTION_MARK, sample.instruction)
        answers = []
        for repeat in range(self._repeats):
            question = Question(
                self._settings.model, prompt, png, self._settings.temperature, repeat
            )
            answers.append(self._answer(sample.name, question))
        return Scored(
            name=sample.name,
            object=sample.shape.name,
            instruction=sample.instruction,
            answers=tuple(answers),
            control=candidate.control,
        )

    def _answer(self, name: str, question: Question) -> Answer | None:
        kept = self._cache.get(question)
        if kept is not None:
            with self._lock:
                self.from_cache += 1
            return kept
        try:
            answer = self.chat.ask(question.prompt, question.png)
        except AskingFailedError as error:
            reason = " ".join(str(error).split())
            with self._lock:
                self.failures.append(Failure(name, reason, question.repeat))
                self._failed_in_a_row += 1
                if self._failed_in_a_row < _GIVE_UP_AFTER:
                    return None
            raise SemgraspError(
                f"Stopped after {_GIVE_UP_AFTER} questions in a row without an answer from "
                f"{self._settings.base_url}. The last: {reason} Answers so far are kept: the "
                "same command goes on from there."
            ) from error
        self._cache.put(question, answer)
        with self._lock:
            self._failed_in_a_row = 0
        return answer

    def _keep_picture(self, name: str, png: bytes) -> None:
        assert self._pictures is not None
        self._pictures.mkdir(parents=True, exist_ok=True)
        plain = "".join(c if c.isalnum() or c in "-_." else "_" for c in name)
        (self._pictures / f"{plain}.png").write_bytes(png)
