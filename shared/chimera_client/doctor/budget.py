"""Whether a budget can do what it is for: prices that it counts in, and room for the calls of one sample."""

from collections.abc import Iterator, Mapping

from chimera.build.v1 import build_pb2
from chimera_client.budget import has_limit
from chimera_client.buildfile import BuildFile
from chimera_client.doctor.finding import Finding
from chimera_client.order import PROCEDURAL_PREFIX
from chimera_client.text import line, money
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.roles import all_roles, endpoints_of

_NAME = "budget"
_CALLS_AT_ONCE = 16
"""With room for fewer of the dearest calls, most of the build waits for reservations to be given back."""


def check(file: BuildFile) -> Iterator[Finding]:
    """What is to be said of the file's budget; nothing if it has none."""
    if not has_limit(file.spec.budget):
        return
    found = list(_money(file.spec, file.endpoints or {})) if file.spec.budget.cost_nanousd else []
    yield from found or [Finding.good(_NAME, "can be kept")]


def _money(spec: build_pb2.BuildSpec, endpoints: Mapping[str, Endpoint]) -> Iterator[Finding]:
    named = set(endpoints_of(spec.roles))
    unpriced = sorted(n for n in named & {*endpoints} if not _priced(endpoints[n]) and not _procedural(endpoints[n]))
    if unpriced:
        names = ", ".join(line(name, 40) for name in unpriced)
        yield Finding.warning(
            _NAME,
            f"limits money, but {names} has no price: what it consumes counts as free",
            "set `price: {input_usd_per_mtok: …, output_usd_per_mtok: …}`, or limit `tokens` too",
        )
    prices: dict[str, int] = {}
    for role in all_roles(spec.roles):
        for each in role.endpoints:
            if each in endpoints:
                prices[each] = max(prices.get(each, 0), _most(role, endpoints[each]))
    name = max(prices, key=lambda n: prices[n], default="")
    dearest = prices.get(name, 0)
    if dearest * _CALLS_AT_ONCE > spec.budget.cost_nanousd:
        yield Finding.warning(
            _NAME,
            f"one answer of {line(name, 40)} may cost {money(dearest)} at its `max_tokens`, of"
            f" {money(spec.budget.cost_nanousd)}: few calls run at a time, and the last money is not spent",
            "lower `max_tokens`, or raise the budget",
        )


def _most(role: build_pb2.RoleSpec, endpoint: Endpoint) -> int:
    return endpoint.price.nanousd(0, role.max_tokens if role.HasField("max_tokens") else endpoint.max_tokens)


def _priced(endpoint: Endpoint) -> bool:
    return bool(endpoint.price.input_usd_per_mtok or endpoint.price.output_usd_per_mtok)


def _procedural(endpoint: Endpoint) -> bool:
    return endpoint.model.startswith(PROCEDURAL_PREFIX)
