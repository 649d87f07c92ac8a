"""The service's gRPC calls."""

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from chimera.taxonomy.v1 import taxonomy_service_pb2 as pb
from chimera.taxonomy.v1 import taxonomy_service_pb2_grpc as rpc
from chimera_shared.errors import NotFound
from chimera_shared.paging import Page
from chimera_taxonomy.store import TaxonomyStore

_TOPICS_PER_PAGE = 200
_MAX_TOPICS_PER_PAGE = 1000


class TaxonomyServicer(rpc.TaxonomyServiceServicer):
    """Reads topics and quotas."""

    def __init__(self, store: TaxonomyStore) -> None:
        self._store = store

    def register(self, server: grpc.aio.Server) -> ServiceDescriptor:
        """Add this servicer to a server."""
        rpc.add_TaxonomyServiceServicer_to_server(self, server)
        return pb.DESCRIPTOR.services_by_name["TaxonomyService"]

    async def ListTopics(self, request: pb.ListTopicsRequest, context: object) -> pb.ListTopicsResponse:
        """Topics by subject and position."""
        page = Page.of(request, default=_TOPICS_PER_PAGE, most=_MAX_TOPICS_PER_PAGE)
        start = page.number()
        topics = [
            pb.Topic(subject=subject, field=topic.field, name=topic.name)
            for subject, expansion in await self._store.expansions(request.build_id)
            for topic in expansion.topics
        ]
        if not topics:
            raise NotFound(f"build {request.build_id!r} has no topics")
        end = start + page.size
        return pb.ListTopicsResponse(topics=topics[start:end], next_page_token=str(end) if end < len(topics) else "")

    async def ListQuotas(self, request: pb.ListQuotasRequest, context: object) -> pb.ListQuotasResponse:
        """Quotas in the order of the spec."""
        quotas = await self._store.quotas(request.build_id)
        if not quotas:
            raise NotFound(f"build {request.build_id!r} has no quotas")
        return pb.ListQuotasResponse(
            quotas=[pb.Quota(subject=q.subject, target=q.target, opened=q.opened) for q in quotas]
        )
