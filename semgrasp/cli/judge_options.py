"""What `semgrasp judge` and `python -m eval.judge` are told about the model and the run."""

import argparse


def add_judge_options(command: argparse.ArgumentParser) -> None:
    """Options of the server, the questions and the output."""
    command.add_argument("--model", required=True, metavar="NAME", help="a model that sees")
    command.add_argument(
        "--base-url", default="https://api.openai.com/v1", metavar="URL",
        help="a server of the chat-completions protocol (default: OpenAI's)",
    )  # fmt: skip
    command.add_argument(
        "--api-key-env", metavar="VARIABLE",
        help="environment variable with the key (default: OPENAI_API_KEY for OpenAI's server, "
        "no key for others)",
    )  # fmt: skip
    command.add_argument("--prompt", metavar="FILE", help="your prompt, with {instruction} in it")
    command.add_argument(
        "--calibrate", nargs="?", const="", metavar="PATH",
        help="mix in right and wrong grasps: made from those at PATH, or from ours",
    )  # fmt: skip
    command.add_argument(
        "--repeats", type=int, default=1, metavar="K",
        help="ask each question K times and report the agreement (default: 1)",
    )  # fmt: skip
    command.add_argument("--temperature", type=float, metavar="T", help="default: the server's")
    command.add_argument(
        "--price", type=float, nargs=2, metavar=("IN", "OUT"),
        help="dollars per million tokens, for the estimate (default: a list for OpenAI's models)",
    )  # fmt: skip
    command.add_argument("--dry-run", action="store_true", help="print the estimate and stop")
    command.add_argument("--yes", action="store_true", help="ask; without it nothing is sent")
    command.add_argument(
        "--requests-per-minute", type=float, default=60.0, metavar="N", help="default: 60"
    )
    command.add_argument("--concurrency", type=int, default=4, metavar="N", help="default: 4")
    command.add_argument(
        "--timeout", type=float, default=120.0, metavar="S",
        help="seconds of silence after which a request is repeated (default: 120)",
    )  # fmt: skip
    command.add_argument(
        "--retries", type=int, default=5, metavar="N",
        help="after 429, 5xx, a cut connection or a timeout (default: 5)",
    )  # fmt: skip
    command.add_argument("--seed", type=int, default=0, help="of order and bootstrap (default: 0)")
    command.add_argument("--cache", metavar="FOLDER", help="kept answers (default: ~/.cache)")
    command.add_argument("--pictures", metavar="FOLDER", help="keep the pictures the judge sees")
    command.add_argument("--json", metavar="FILE", help="write the whole report")
