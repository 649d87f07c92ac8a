"""What a service needs to ask models, put together once for all services."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Self

from chimera_shared.builds import BuildTable
from chimera_shared.endpoints.budget import Purse
from chimera_shared.endpoints.ledger import Ledger
from chimera_shared.endpoints.models import Models
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.endpoints.reports import REPORT_SECONDS, EndpointReporter
from chimera_shared.mongo import SHARED_DATABASE, Client
from chimera_shared.settings import ServiceSettings

_SYNC_SECONDS = 1.0


@dataclass(frozen=True)
class Asking:
    """Models, and what has to be kept up beside them while the service runs."""

    models: Models
    purse: Purse
    """A resource of the service: it gives back what is left at the end."""
    loops: Sequence[tuple[Callable[[], Awaitable[None]], float]]

    @classmethod
    def of_service(
        cls, name: str, settings: ServiceSettings, pool: EndpointPool, client: Client, builds: BuildTable
    ) -> Self:
        """With the service's own ledger, its part of every build's budget, and word of how its endpoints do."""
        shared = client[SHARED_DATABASE]
        purse = Purse(shared["budgets"], f"{settings.instance}/{name}", builds)
        reporter = EndpointReporter(shared["endpoint_reports"], pool.name, pool.gates.values())
        models = Models(pool, Ledger(client[f"chimera_{name}"]["calls"]), purse, builds)
        return cls(models, purse, [(purse.sync, _SYNC_SECONDS), (reporter.tell, REPORT_SECONDS)])
