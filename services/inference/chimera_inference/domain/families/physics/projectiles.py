"""Projectiles thrown from a height."""

from dataclasses import dataclass
from decimal import Decimal
from math import cos, radians, sin, sqrt
from random import Random

from ...answers import measured, significant
from ...family import Family, Working, require
from ...notation import Int, Number

GRAVITY = 9.81  # m/s²


@dataclass(frozen=True, slots=True)
class Throw:
    """Speed in m/s, elevation in degrees, height in metres."""

    speed: Number
    angle: Int
    height: Number


class Projectiles(Family[Throw]):
    """Time of flight from the vertical motion, range from the horizontal one."""

    instance = Throw
    wordings = (
        "A ball is thrown from a cliff {height} m above level ground with a speed of {speed} m/s at {angle}° above "
        "the horizontal. "
        "Neglecting air resistance and with g = 9.81 m/s², how far from the foot of the cliff does it land, in m, to "
        "three "
        "significant figures?",
        "From the top of a tower of height {height} m a stone leaves with {speed} m/s, {angle}° above the "
        "horizontal. Take "
        "g = 9.81 m/s² and ignore drag. Find the horizontal distance in m to the point of impact on the ground (three "
        "significant figures).",
        "A projectile is launched {height} m above a plain; its initial velocity is {speed} m/s at an elevation of "
        "{angle}°. "
        "Determine its horizontal range in m on the plain to three significant figures, without air resistance and "
        "with "
        "g = 9.81 m/s².",
    )

    def draw(self, rng: Random) -> Throw:
        """Speeds of a throw and heights of buildings."""
        return Throw(Decimal(rng.randint(80, 450)) / 10, rng.randint(12, 75), Decimal(rng.randint(20, 900)) / 10)

    def work(self, instance: Throw) -> Working:
        """Solves the quadratic for the time of impact."""
        speed, height, angle = float(instance.speed), float(instance.height), radians(instance.angle)
        require(speed > 0 and height >= 0 and 0 < instance.angle < 90, "an upward throw from above the ground")
        vx, vy = speed * cos(angle), speed * sin(angle)
        landing = sqrt(vy * vy + 2 * GRAVITY * height)
        time = (vy + landing) / GRAVITY
        top = height + vy * vy / (2 * GRAVITY)
        impact = sqrt(vx * vx + landing * landing)
        return Working(
            answer=measured(vx * time, "m"),
            plan="Horizontal and vertical motion are independent. The vertical motion gives the time until impact, "
            "and the "
            "constant horizontal velocity turns that time into a distance.",
            steps=(
                f"Components: vx = {instance.speed}·cos {instance.angle}° = {significant(vx)} m/s and vy = "
                f"{instance.speed}·sin {instance.angle}° = {significant(vy)} m/s.",
                f"Impact happens when {instance.height} + {significant(vy)}t - 4.905t² = 0.",
                f"The positive root is t = ({significant(vy)} + √({significant(vy)}² + "
                f"2·9.81·{instance.height}))/9.81 = "
                f"{significant(time)} s.",
                f"Distance: {significant(vx)}·{significant(time)} = {significant(vx * time)} m.",
            ),
            checks=(
                f"By way of the highest point: it lies {significant(top)} m above the ground and is reached after "
                f"{significant(vy / GRAVITY)} s; falling from there takes √(2·{significant(top)}/9.81) = "
                f"{significant(sqrt(2 * top / GRAVITY))} s, in sum the same time of flight.",
                f"Energy: the impact speed {significant(impact)} m/s squared is {significant(impact**2)}, and v0² + "
                f"2gh = "
                f"{significant(speed**2 + 2 * GRAVITY * height)} m²/s².",
            ),
        )
