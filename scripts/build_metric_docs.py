"""Write the pages of all protocols into docs/metrics.md.

python -m scripts.build_metric_docs
"""

from pathlib import Path

from semgrasp.evaluation.protocol_page import protocol_page
from semgrasp.metrics.protocols import PROTOCOLS

_DOCS = Path(__file__).parents[1] / "docs" / "metrics.md"
_START, _END = "<!-- protocols -->\n", "<!-- end of protocols -->\n"


def main() -> None:
    """Replace what stands between the two marks."""
    before, rest = _DOCS.read_text().split(_START)
    after = rest.split(_END)[1]
    pages = "\n".join(protocol_page(entry) for entry in PROTOCOLS.values())
    _DOCS.write_text(f"{before}{_START}\n{pages}\n{_END}{after}")


if __name__ == "__main__":
    main()
