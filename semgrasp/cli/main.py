"""The command line: `semgrasp generate mug.obj "hold it by the handle to drink"`.

Only the standard library is imported here, so that `--help` answers at once; each command
imports what it needs when it runs.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from semgrasp import __version__
from semgrasp.errors import SemgraspError

_PLANNED = {
    "view": "the interactive viewer; until then open preview.png, or hand_000.ply with the mesh",
    "chat": "talking about a grasp in several rounds",
}

_GENERATE_EXAMPLE = """\
example:
  semgrasp generate mug.obj "hold it by the handle to drink" -n 8 --output out/

  out/grasps.json    tokens, wrist pose, finger angles and a report per grasp, best first
  out/hand_000.ply   the best hand, in the frame and units of mug.obj: open both together
  out/mug.ply        the object as it was read, so that the folder is complete
  out/preview.png    every grasp from two sides
"""

_EVALUATE_EXAMPLES = """\
examples:
  semgrasp evaluate out/ --protocol corrected --json report.json
      what semgrasp generate wrote
  semgrasp evaluate out/ --object mug.obj
      the same on another mesh of the object
  semgrasp evaluate data/oakink --protocol oakink --csv table.csv
      an OakInk-Shape tree, a part of it, or a hand_param.pkl with --object
  semgrasp evaluate poses.npz --object meshes/ --convention smplx
      MANO parameters (.npz, .json): pose or global_orient and hand_pose, transl, betas, object
  semgrasp evaluate pairs/ --units mm
      meshes in one frame: NAME_hand.ply with NAME_object.ply, hand/ with object/, or
      manifest.csv with the columns hand, object, instruction
  semgrasp evaluate --hand hand.ply --object mug.obj
      one hand on one object
  semgrasp evaluate --list-protocols
      every protocol, where it comes from and what is wrong with it

Grasps that cannot be read or measured are counted, named and left out of the numbers.
"""

_JUDGE_EXAMPLES = """\
examples:
  semgrasp judge out/ --object mug.obj --model gpt-4o --dry-run
      how many questions, how many tokens, how many dollars; nothing is sent
  semgrasp judge out/ --object mug.obj --model gpt-4o --yes --json judge.json
      ask OpenAI's server, with the key in the environment variable OPENAI_API_KEY
  semgrasp judge out/ --model Qwen/Qwen2.5-VL-7B-Instruct --base-url http://localhost:8000/v1 --yes
      ask a server of your own: vLLM (port 8000), Ollama (11434), llama.cpp (8080), all with /v1
  semgrasp judge out/ --model gpt-4o --calibrate --repeats 3 --yes --json judge.json
      mix in grasps known to be right and wrong, blind, and see whether the judge notices; ask
      three times, and see whether it agrees with itself

Answers are kept as they come: the same command goes on after an interruption, and asks nothing
twice. The score is 0 to 100 for semantic consistency with the instruction, as in the paper.
"""

_RETARGET_EXAMPLES = """\
examples:
  semgrasp retarget out/ --robot shadow_hand
      what semgrasp generate wrote, on the Shadow hand
  semgrasp retarget out/grasps.json --robot allegro --robot panda --simulate --video
      on two robots; try the grasps in simulation and film the best one being lifted
  semgrasp retarget out/ --robot shadow --export moveit,mjcf,usd
      for ROS (moveit_msgs/Grasp as YAML), for MuJoCo and for USD viewers
  semgrasp retarget out/ --robot my_hand.yaml
      on your own hand; semgrasp robots check my_hand.yaml first

  out/robots/robot_grasps.json   base pose, joint positions, feasible or why not, stable or not
  out/robots/robots.png          every grasp from two sides
  out/robots/lift_ROBOT.mp4      approach, close, lift (--video)
"""


_ROBOTS_EXAMPLES = """\
examples:
  semgrasp robots list
      the hands and grippers that are described, and where their models come from
  semgrasp robots check my_hand.yaml --output my_hand.png
      what is wrong with a description, and a picture: open and closed, pads and palm
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints take one line; usage is one `--help` away."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. See {self.prog} --help.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 2 for bad input, 130 when interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in _PLANNED:
        print(
            f"semgrasp: {words[0]} is planned and not part of version {__version__}: "
            f"{_PLANNED[words[0]]}.",
            file=sys.stderr,
        )
        return 2
    options = _parser().parse_args(words)
    try:
        options.run(options)
    except (SemgraspError, OSError) as error:
        print(f"semgrasp: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("semgrasp: interrupted, nothing was written.", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="semgrasp",
        description="Say what you want to do with an object, get the human grasp that does it.",
        epilog="example:\n  semgrasp demo --output out/demo",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"semgrasp {__version__}")
    commands = parser.add_subparsers(metavar="command", required=True)
    _add_demo(commands)
    _add_doctor(commands)
    _add_generate(commands)
    _add_describe(commands)
    _add_evaluate(commands)
    _add_judge(commands)
    _add_retarget(commands)
    _add_robots(commands)
    return parser


def _add_demo(commands) -> None:
    demo = commands.add_parser(
        "demo",
        help="grasp a bundled mug for three instructions and draw the results",
        description="Grasp a bundled mug for three instructions and draw the results.",
        epilog="example:\n  semgrasp demo --output out/demo",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    demo.add_argument("--output", default="out/demo", help="folder to write (default: out/demo)")
    _add_sampling(demo, num_grasps=4)
    demo.set_defaults(run=_run_demo)


def _add_doctor(commands) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="say what is installed, what is missing and what to do; or examine a mesh",
        description="Say what is installed, what is missing and what to do; or examine a mesh.",
        epilog="examples:\n  semgrasp doctor\n  semgrasp doctor mug.obj --units mm",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    doctor.add_argument("mesh", nargs="?", help="a mesh file to examine")
    _add_reading(doctor)
    doctor.add_argument("--checkpoint", help="folder of a model (default: the embedded one)")
    doctor.set_defaults(run=_run_doctor)


def _add_generate(commands) -> None:
    generate = commands.add_parser(
        "generate",
        help="turn a mesh and an instruction into human grasps",
        description="Turn a mesh and an instruction into human grasps, best first.",
        epilog=_GENERATE_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    generate.add_argument("mesh", help="a mesh file: obj, ply, stl, glb and others")
    generate.add_argument("text", help="what to do with the object, in English")
    generate.add_argument("--output", default="out", help="folder to write (default: out)")
    _add_sampling(generate, num_grasps=8)
    _add_reading(generate)
    generate.add_argument(
        "--no-refine", action="store_true", help="keep grasps as decoded, without closing the hand"
    )
    generate.add_argument(
        "--hand-side",
        default="right",
        choices=("right", "left"),
        help="which hand grasps (default: right)",
    )
    generate.add_argument("--checkpoint", help="folder of a model (default: the embedded one)")
    generate.set_defaults(run=_run_generate)


def _add_describe(commands) -> None:
    describe = commands.add_parser(
        "describe",
        help="say in words what a grasp does (the inverse of generate)",
        description="Say in words what a grasp does: the inverse of generate.",
        epilog="example:\n  semgrasp describe mug.obj out/grasps.json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    describe.add_argument("mesh", help="the mesh the grasps were generated for")
    describe.add_argument("grasps", help="a grasps.json that generate wrote")
    _add_reading(describe)
    describe.add_argument("--checkpoint", help="folder of a model (default: the embedded one)")
    describe.set_defaults(run=_run_describe)


def _add_evaluate(commands) -> None:
    evaluate = commands.add_parser(
        "evaluate",
        help="measure grasps, ours or others', under a named protocol",
        description="Measure grasps, ours or others', under a named protocol.",
        epilog=_EVALUATE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    evaluate.add_argument("path", nargs="?", help="a file or folder of grasps")
    evaluate.add_argument(
        "--protocol", default="corrected", metavar="NAME",
        help="corrected (default), oakink, grasptta, halo, dexgys, dexgraspbench; help lists them",
    )  # fmt: skip
    evaluate.add_argument("--list-protocols", action="store_true", help="explain all and stop")
    evaluate.add_argument("--metrics", metavar="A,B", help="only these metrics (default: all)")
    evaluate.add_argument(
        "--engine", default="mujoco", choices=("mujoco", "pybullet"),
        help="simulator of the displacement (default: mujoco)",
    )  # fmt: skip
    evaluate.add_argument("--json", metavar="FILE", help="write the whole report")
    evaluate.add_argument("--csv", metavar="FILE", help="write one row per grasp")
    evaluate.add_argument("--markdown", metavar="FILE", help="write the table")
    evaluate.add_argument("--object", metavar="MESH", help="the mesh held, or a folder of meshes")
    evaluate.add_argument("--hand", metavar="MESH", help="one hand mesh, to go with --object")
    evaluate.add_argument(
        "--hand-model", default="open", choices=("open", "mano"),
        help="the hand that poses are shown with (default: open)",
    )  # fmt: skip
    evaluate.add_argument(
        "--mano", metavar="FOLDER", help="your MANO files (default: $SEMGRASP_MANO_DIR)"
    )
    evaluate.add_argument(
        "--convention", metavar="NAME", help="how foreign MANO parameters are meant"
    )
    _add_reading(evaluate)
    evaluate.add_argument("--reference", metavar="PATH", help="real grasps to compare with (P-FID)")
    evaluate.add_argument("--pointnet", metavar="FILE", help="weights of P-FID: your pointnet.pt")
    evaluate.add_argument("--seed", type=int, default=0, help="of what is drawn (default: 0)")
    evaluate.add_argument(
        "--workers", type=int, default=0, metavar="N", help="processes (default: all cores)"
    )
    evaluate.add_argument("--ray", action="store_true", help="fan out with Ray on this machine")
    evaluate.add_argument("--ray-address", metavar="ADDRESS", help="fan out on this Ray cluster")
    evaluate.set_defaults(run=_run_evaluate)


def _add_judge(commands) -> None:
    from semgrasp.cli.judge_options import add_judge_options

    judge = commands.add_parser(
        "judge",
        help="ask a vision model how well grasps fit their instructions",
        description="Ask a vision model how well grasps fit their instructions, 0 to 100.",
        epilog=_JUDGE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    judge.add_argument("path", help="a file or folder of grasps, as for semgrasp evaluate")
    judge.add_argument("--object", metavar="MESH", help="the mesh held, or a folder of meshes")
    judge.add_argument("--instruction", metavar="TEXT", help="what grasps without one were to do")
    judge.add_argument(
        "--hand-model", default="open", choices=("open", "mano"),
        help="the hand that poses are shown with (default: open)",
    )  # fmt: skip
    judge.add_argument(
        "--mano", metavar="FOLDER", help="your MANO files (default: $SEMGRASP_MANO_DIR)"
    )
    judge.add_argument("--convention", metavar="NAME", help="how foreign MANO parameters are meant")
    _add_reading(judge)
    add_judge_options(judge)
    judge.set_defaults(run=_run_judge)


def _add_retarget(commands) -> None:
    retarget = commands.add_parser(
        "retarget",
        help="put human grasps on robot hands and grippers",
        description="Put human grasps on robot hands and grippers: same part, same side.",
        epilog=_RETARGET_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    retarget.add_argument("path", help="a file or folder of grasps, as for semgrasp evaluate")
    retarget.add_argument(
        "--robot", action="append", required=True, metavar="NAME",
        help="a robot hand (semgrasp robots list), or a .yaml file of yours; may be repeated",
    )  # fmt: skip
    retarget.add_argument("--output", default="out/robots", help="folder (default: out/robots)")
    retarget.add_argument(
        "-n", "--num-grasps", type=int, default=0, metavar="N", help="only the first N grasps"
    )
    retarget.add_argument(
        "--simulate", action="store_true", help="try each in simulation, keep what holds"
    )
    retarget.add_argument("--video", action="store_true", help="film the best being lifted")
    retarget.add_argument(
        "--export", metavar="A,B", help="also write moveit, mjcf, usd (comma-separated)"
    )
    retarget.add_argument("--object", metavar="MESH", help="the mesh held, or a folder of meshes")
    retarget.add_argument(
        "--hand-model", default="open", choices=("open", "mano"),
        help="the hand that poses are shown with (default: open)",
    )  # fmt: skip
    retarget.add_argument(
        "--mano", metavar="FOLDER", help="your MANO files (default: $SEMGRASP_MANO_DIR)"
    )
    retarget.add_argument(
        "--convention", metavar="NAME", help="how foreign MANO parameters are meant"
    )
    retarget.add_argument("--seed", type=int, default=0, help="same seed, same grasps (default: 0)")
    _add_reading(retarget)
    retarget.set_defaults(run=_run_retarget)


def _add_robots(commands) -> None:
    robots = commands.add_parser(
        "robots",
        help="list the robot hands there are, or check a description of yours",
        description="List the robot hands there are, or check a description of yours.",
        epilog=_ROBOTS_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = robots.add_subparsers(metavar="action", required=True)
    listing = actions.add_parser("list", help="name every robot hand and where its model is")
    listing.set_defaults(run=_run_robots, action="list")
    check = actions.add_parser("check", help="name every problem of a hand, and draw it")
    check.add_argument("robot", help="a robot hand, or a .yaml file (docs/add_a_robot_hand.md)")
    check.add_argument("--output", metavar="PNG", help="draw it: open, closed, pads, palm frame")
    check.set_defaults(run=_run_robots, action="check")


def _add_sampling(command: argparse.ArgumentParser, *, num_grasps: int) -> None:
    command.add_argument(
        "-n", "--num-grasps", type=int, default=num_grasps, metavar="N",
        help=f"how many grasps, 1 to 256 (default: {num_grasps})",
    )  # fmt: skip
    command.add_argument("--seed", type=int, default=0, help="same seed, same grasps (default: 0)")
    command.add_argument(
        "--temperature", type=float, default=None, metavar="T",
        help="0 is the likeliest grasp only; higher is more varied (default: the model's)",
    )  # fmt: skip


def _add_reading(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--units", default="auto", choices=("auto", "m", "cm", "mm"),
        help="unit of length in the mesh file (default: guessed from its size)",
    )  # fmt: skip
    command.add_argument(
        "--up", default="z", choices=("x", "y", "z", "-x", "-y", "-z"),
        help="which axis of the file points up, such as --up=-y (default: z)",
    )  # fmt: skip


def _run_demo(options: argparse.Namespace) -> None:
    from semgrasp.cli.demo_command import run

    run(options)


def _run_doctor(options: argparse.Namespace) -> None:
    from semgrasp.cli.doctor_command import run

    run(options)


def _run_generate(options: argparse.Namespace) -> None:
    from semgrasp.cli.generate_command import run

    run(options)


def _run_describe(options: argparse.Namespace) -> None:
    from semgrasp.cli.describe_command import run

    run(options)


def _run_evaluate(options: argparse.Namespace) -> None:
    from semgrasp.cli.evaluate_command import run

    run(options)


def _run_judge(options: argparse.Namespace) -> None:
    from semgrasp.cli.judge_command import run

    run(options)


def _run_retarget(options: argparse.Namespace) -> None:
    from semgrasp.cli.retarget_command import run

    run(options)


def _run_robots(options: argparse.Namespace) -> None:
    from semgrasp.cli.robots_command import run

    run(options)


if __name__ == "__main__":
    sys.exit(main())
