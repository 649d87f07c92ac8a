"""Two thin lenses on one axis."""

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from ...answers import measured, significant
from ...family import Family, Working, require
from ...notation import Number


@dataclass(frozen=True, slots=True)
class Bench:
    """Lengths in centimetres: object distance, both focal lengths and the separation of the lenses."""

    distance: Number
    first: Number
    second: Number
    gap: Number


class Lenses(Family[Bench]):
    """The image of the first lens is the object of the second."""

    instance = Bench
    wordings = (
        "An object stands {distance} cm in front of a thin converging lens of focal length {first} cm. A second thin "
        "converging lens of focal length {second} cm is mounted on the same axis {gap} cm behind the first. At what "
        "distance behind the second lens does the final real image form, in cm, to three significant figures?",
        "On an optical bench two thin converging lenses with focal lengths {first} cm and {second} cm are {gap} cm "
        "apart. "
        "A candle is placed {distance} cm before the first lens. How far beyond the second lens, in cm and to three "
        "significant figures, must a screen be placed to catch a sharp image?",
        "Light from an object {distance} cm to the left of a converging lens (f = {first} cm) passes through it and "
        "then "
        "through another converging lens (f = {second} cm) located {gap} cm to the right of the first. Treating both "
        "as "
        "thin, compute the distance in cm from the second lens to the final image, to three significant figures.",
    )

    def draw(self, rng: Random) -> Bench:
        """The intermediate image lies beyond the focus of the second lens, so the final one is real."""
        first = Decimal(rng.randint(80, 250)) / 10
        second = Decimal(rng.randint(50, 200)) / 10
        distance = (first * Decimal(rng.randint(14, 40)) / 10).quantize(Decimal("0.1"))
        image = 1 / (1 / float(first) - 1 / float(distance))
        gap = Decimal(str(round(image + float(second) * rng.uniform(1.3, 3.0), 1)))
        return Bench(distance, first, second, gap)

    def work(self, instance: Bench) -> Working:
        """Applies the thin-lens equation twice."""
        p, f1, f2, gap = (float(v) for v in (instance.distance, instance.first, instance.second, instance.gap))
        require(min(p, f1, f2, gap) > 0 and p > f1, "a real first image")
        q1 = 1 / (1 / f1 - 1 / p)
        p2 = gap - q1
        require(p2 > 1.05 * f2, "a real final image")
        q2 = 1 / (1 / f2 - 1 / p2)
        m1, m2 = -q1 / p, -q2 / p2
        return Working(
            answer=measured(q2, "cm"),
            plan="I apply the thin-lens equation 1/p + 1/q = 1/f to the first lens, take the image it forms as the "
            "object "
            "of the second lens, and apply the equation again.",
            steps=(
                f"First lens: 1/q1 = 1/{instance.first} - 1/{instance.distance} = {significant(1 / q1, 5)} per cm, so "
                f"q1 = {significant(q1, 5)} cm behind the first lens.",
                f"The lenses are {instance.gap} cm apart, so this image stands p2 = {instance.gap} - "
                f"{significant(q1, 5)} = "
                f"{significant(p2, 5)} cm in front of the second lens: a real object, beyond its focal length.",
                f"Second lens: 1/q2 = 1/{instance.second} - 1/{significant(p2, 5)} = {significant(1 / q2, 5)} per "
                f"cm, hence "
                f"q2 = {significant(q2, 4)} cm.",
            ),
            checks=(
                f"Newton's form gives the same: (p - f1)(q1 - f1) = {significant((p - f1) * (q1 - f1), 5)} = f1² = "
                f"{significant(f1 * f1, 5)} cm², and (p2 - f2)(q2 - f2) = {significant((p2 - f2) * (q2 - f2), 5)} = "
                f"f2² = "
                f"{significant(f2 * f2, 5)} cm².",
                f"The magnifications are {significant(m1, 3)} and {significant(m2, 3)}; their product "
                f"{significant(m1 * m2, 3)} is positive, so the final image is upright, as two inversions must give.",
            ),
        )
