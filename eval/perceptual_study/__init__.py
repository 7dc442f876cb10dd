"""A perceptual study: volunteers look at grasps in 3-D and give each a score from 1 to 5.

    python -m eval.perceptual_study page --condition ours=out/ours --condition other=out/other \\
        --objects meshes/ --output study.html
    python -m eval.perceptual_study score study.key.json answers/*.json --json ps.json

SemGrasp reports a perceptual score by five volunteers on a five-point Likert scale (PS, 4.6 for its
grasps and 4.7 for the human ones). It does not print the wording of the question, so scores of
another study are comparable only if it used this page.
"""
