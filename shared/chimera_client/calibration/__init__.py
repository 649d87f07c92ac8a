"""How often the verifier errs, from problems whose right verdict is known, and how far its models agree.

```python
errors = calibration_of(controls)            # of a build: client.samples.controls(build_id)
errors.all.false_accepts                     # a Rate: hits, of, value, low, high
errors.kinds[CONTROL_KIND_WRONG_ANSWER]      # the same for one kind, subject, answer type or difficulty
errors.plain()                               # for JSON
agreement = agreement_of(samples)            # of real samples, or of `control.sample`s
agreement.alpha, agreement.kappas, agreement.judges_differ
```

Both count as they go: memory does not grow with what is counted.
"""

from chimera_client.calibration.agreement import Agreement, agreement_of
from chimera_client.calibration.errors import Calibration, Errors, calibration_of
from chimera_client.calibration.expectation import Ending, ending_of, must_pass
from chimera_client.calibration.rate import LEVEL, Rate

__all__ = [
    "LEVEL",
    "Agreement",
    "Calibration",
    "Ending",
    "Errors",
    "Rate",
    "agreement_of",
    "calibration_of",
    "ending_of",
    "must_pass",
]
