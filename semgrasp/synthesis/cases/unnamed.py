"""Cases of assemblies: objects without a name, of generic parts."""

from semgrasp.synthesis.cases.case import GraspCase

ASSEMBLY_CASES: tuple[GraspCase, ...] = ()
