"""How long things take: medians over repetitions, in seconds, against their limits.

python -m eval.speed --repeat 5 --output out/speed.json
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

LIMITS = {
    "import semgrasp": 0.3,
    "semgrasp --help": 0.3,
    "semgrasp generate --help": 0.3,
    "semgrasp generate, cold, 8 grasps": 12.0,
    "generate(), new object, 1 grasp": 1.5,
    "generate(), warm, 1 grasp": 0.4,
    "generate(), warm, 8 grasps": 1.0,
}
INSTRUCTION = "hold it by the handle to drink"


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--mesh", type=Path, help="default: the demo mug")
    parser.add_argument("--checkpoint", type=Path, help="default: the embedded one")
    parser.add_argument("--output", type=Path, help="JSON file to write")
    options = parser.parse_args()

    from semgrasp.cli.demo_command import demo_mug

    mesh = options.mesh or demo_mug()
    checkpoint = ["--checkpoint", str(options.checkpoint)] if options.checkpoint else []
    command = [str(Path(sys.executable).with_name("semgrasp"))]
    seconds = {
        "import semgrasp": _process([sys.executable, "-c", "import semgrasp"], options.repeat),
        "semgrasp --help": _process([*command, "--help"], options.repeat),
        "semgrasp generate --help": _process([*command, "generate", "--help"], options.repeat),
    }
    with tempfile.TemporaryDirectory() as folder:
        generate = [*command, "generate", str(mesh), INSTRUCTION, "-n", "8", "--output", folder]
        seconds["semgrasp generate, cold, 8 grasps"] = _process(
            [*generate, *checkpoint], max(1, options.repeat // 2)
        )
    seconds |= _warm(mesh, options.checkpoint, options.repeat)

    for name, value in seconds.items():
        verdict = "ok" if value < LIMITS[name] else "SLOW"
        print(f"{name:36s} {value:7.3f} s   limit {LIMITS[name]:5.1f} s   {verdict}")
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(seconds, indent=1) + "\n")


def _warm(mesh: Path, checkpoint: Path | None, repeat: int) -> dict[str, float]:
    from semgrasp import GraspGenerator, load_object

    generator = GraspGenerator.from_pretrained(checkpoint)
    shape = load_object(mesh)
    generator.generate(shape, INSTRUCTION)
    return {
        "generate(), new object, 1 grasp": _median(
            lambda: generator.generate(load_object(mesh), INSTRUCTION), repeat
        ),
        "generate(), warm, 1 grasp": _median(
            lambda: generator.generate(shape, INSTRUCTION), repeat
        ),
        "generate(), warm, 8 grasps": _median(
            lambda: generator.generate(shape, INSTRUCTION, num_grasps=8), repeat
        ),
    }


def _process(command: list[str], repeat: int) -> float:
    def run() -> None:
        subprocess.run(command, check=True, capture_output=True)

    return _median(run, repeat)


def _median(run: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
