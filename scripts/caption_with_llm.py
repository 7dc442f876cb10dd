"""Ask a language model for richer captions of the grasps, from the same contact states.

    python scripts/caption_with_llm.py --root data/open --model gpt-4o-mini --limit 500
    python scripts/caption_with_llm.py --root data/open --base-url http://localhost:8000/v1 \
--model qwen --yes
    python scripts/caption_dataset.py --root data/open --more-captions data/open/CapGrasp_LLM

Any server that speaks OpenAI's chat-completions protocol will do. What it costs is printed first,
and nothing is sent without --yes. Answers are kept as they come: after a kill, an error or Ctrl-C
the same command goes on where it was, and a second run sends nothing. The output is a tree of
captions as CapGrasp has it; the last command adds it to the packed data.
"""

import argparse
import os
import random
from pathlib import Path

_TOKENS_PER_CAPTION = 60


def main() -> None:
    """Choose grasps, estimate, ask, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=Path("data/open"))
    parser.add_argument("--output", type=Path, help="default: <root>/CapGrasp_LLM")
    parser.add_argument(
        "--model", default=os.environ.get("SEMGRASP_CAPTION_MODEL"),
        help="name of the model (default: $SEMGRASP_CAPTION_MODEL)",
    )  # fmt: skip
    parser.add_argument(
        "--base-url", default=os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1"),
        help="where the server is (default: $OPENAI_BASE_URL, else OpenAI)",
    )  # fmt: skip
    parser.add_argument("--api-key-env", metavar="NAME", help="variable that holds the key")
    parser.add_argument("--categories", nargs="+", metavar="NAME", help="default: all")
    parser.add_argument("--limit", type=int, help="ask about that many grasps, drawn by --seed")
    parser.add_argument("--captions-per-grasp", type=int, default=6)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS")
    parser.add_argument("--retries", type=int, default=5)
    parser.add_argument("--requests-per-minute", type=float, default=60.0)
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--price", nargs=2, type=float, metavar=("IN", "OUT"),
                        help="dollars per million tokens, for the estimate")  # fmt: skip
    parser.add_argument("--cache", type=Path, help="folder of kept answers (<output>/replies)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--yes", action="store_true", help="go on after the estimate")
    arguments = parser.parse_args()
    if not arguments.model:
        parser.error("name the model with --model or SEMGRASP_CAPTION_MODEL")
    if arguments.captions_per_grasp < 1 or (arguments.limit is not None and arguments.limit < 1):
        parser.error("--captions-per-grasp and --limit must be at least 1")

    from semgrasp.errors import SemgraspError

    try:
        _run(arguments)
    except SemgraspError as error:
        parser.error(" ".join(str(error).split()))
    except KeyboardInterrupt:
        raise SystemExit("interrupted; answers so far are kept, the same command goes on") from None


def _run(arguments: argparse.Namespace) -> None:
    from rich.progress import Progress

    from semgrasp.dataset.capgrasp import write_captions
    from semgrasp.errors import InputError
    from semgrasp.judge.caption_writer import CaptionWriter
    from semgrasp.judge.cost import Price, estimate_text_cost
    from semgrasp.judge.settings import JudgeSettings

    settings = JudgeSettings(
        model=arguments.model,
        base_url=arguments.base_url,
        api_key_env=arguments.api_key_env,
        temperature=arguments.temperature,
        timeout=arguments.timeout,
        retries=arguments.retries,
        requests_per_minute=arguments.requests_per_minute,
        concurrency=arguments.concurrency,
    )
    output = arguments.output or arguments.root / "CapGrasp_LLM"
    grasps = _choose(arguments)
    writer = CaptionWriter(
        settings, arguments.cache or output / "replies", arguments.captions_per_grasp
    )
    questions = writer.unanswered(grasps)
    cost = estimate_text_cost(
        settings.model,
        prompt_characters=[len(prompt) for prompt in questions],
        answer_tokens=arguments.captions_per_grasp * _TOKENS_PER_CAPTION,
        price=None if arguments.price is None else Price(*arguments.price),
    )
    print(f"{len(grasps)} grasps, {len(questions)} questions not answered before.")
    print(f"{settings.model} at {settings.base_url}: {cost}")
    if questions and not arguments.yes:
        raise InputError("Nothing was sent. Add --yes to go on.")
    counts = []

    def keep(folder: str, captions) -> None:
        write_captions(output, Path(folder), captions)
        counts.append(len(captions))

    with Progress(refresh_per_second=1) as progress:
        task = progress.add_task("asking", total=len(grasps))
        writer.write(grasps, keep, lambda count: progress.advance(task, count))
    traffic = writer.traffic
    print(
        f"{sum(counts)} captions of {len(counts)} grasps in {output}; {traffic.requests} requests, "
        f"{traffic.retries} repeated, {traffic.reasked} asked again, "
        f"{traffic.prompt_tokens} tokens in and {traffic.completion_tokens} out"
    )
    for name, reason in sorted(writer.failures.items()):
        print(f"no captions for {name}: {reason}")
    if writer.failures:
        raise SystemExit(1)


def _choose(arguments: argparse.Namespace):
    """Facts of the chosen grasps by their folder in the tree, in a random order."""
    from semgrasp.errors import InputError
    from semgrasp.synthesis.captioning import facts_of, grasp_folder, read_raw

    raws = read_raw(arguments.root / "raw")
    if arguments.categories:
        raws = [raw for raw in raws if raw.category in arguments.categories]
    if not raws:
        raise InputError(
            f"No such grasps in {arguments.root / 'raw'}. Run scripts/synthesize.py or "
            "scripts/rebuild_dataset.py first, or name other --categories."
        )
    random.Random(arguments.seed).shuffle(raws)
    return {grasp_folder(raw).as_posix(): facts_of(raw) for raw in raws[: arguments.limit]}


if __name__ == "__main__":
    main()
