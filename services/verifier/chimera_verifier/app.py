"""Composition root of the verifier service.

problem.proposed ─▶ Checks.problem ─▶ Examination ─▶ problem.validated | sample.settled
solution.synthesised ─▶ Checks.solution ─▶ Examination ─▶ sample.settled
solution.synthesised ─▶ Controls ─▶ Corpora, Planter, Examination ─▶ control.checked
sample.recalled ─▶ Reverification ─▶ Examination ─▶ sample.reverified
"""

from chimera_shared import mongo
from chimera_shared.bus.broker import Bus
from chimera_shared.dead_letters import DeadLetters
from chimera_shared.endpoints.asking import Asking
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.lifecycle import Service
from chimera_shared.rpc.server import RpcServer
from chimera_shared.settings import ServiceSettings
from chimera_verifier.checks import Checks
from chimera_verifier.controls import Controls
from chimera_verifier.corpora import Corpora
from chimera_verifier.corpus_servicer import CorpusServicer
from chimera_verifier.difficulty import Difficulty
from chimera_verifier.embedder import SentenceEmbedder
from chimera_verifier.examination import Examination
from chimera_verifier.grader import Grader
from chimera_verifier.handlers import stages
from chimera_verifier.panel import Panel
from chimera_verifier.planter import Planter
from chimera_verifier.reader import Reader
from chimera_verifier.referee import Referee
from chimera_verifier.relation_judge import RelationJudge
from chimera_verifier.reverification import Reverification
from chimera_verifier.screen import Screen
from chimera_verifier.servicer import VerifierServicer
from chimera_verifier.similarity import Similarity
from chimera_verifier.statements import Statements
from chimera_verifier.store import VerifierStore
from chimera_verifier.symbolic import SymbolicPool

NAME = "verifier"


def create(settings: ServiceSettings, pool: EndpointPool) -> Service:
    """The service, not yet started; whoever starts it has opened the pool."""
    client = mongo.connect(settings.mongodb_uri)
    database = client[f"chimera_{NAME}"]
    store = VerifierStore(database)
    letters = DeadLetters(client[mongo.SHARED_DATABASE]["dead_letters"], NAME, settings.max_dead_letters)
    bus = Bus(NAME, settings, letters)
    asking = Asking.of_service(NAME, settings, pool, client, bus.builds)
    models = asking.models
    workers = SymbolicPool()
    grader = Grader(workers)
    referee = Referee(grader, models)
    panel = Panel(models, referee)
    reader = Reader(SentenceEmbedder())
    corpora = Corpora(store.corpora, store.statements, reader)
    similarity = Similarity(Statements(store.statements, reader), corpora, reader, RelationJudge(models))
    examination = Examination(similarity, Screen(models), panel, Difficulty(models, referee), referee)
    planter = Planter(grader)
    controls = Controls(planter, examination, corpora)
    for stage in stages(Checks(examination), controls, Reverification(examination), store):
        bus.add(stage)
    verifier = VerifierServicer(referee, panel, examination, planter, pool.endpoints, bus.builds)
    server = RpcServer(settings, [verifier.register, CorpusServicer(corpora, store.corpora, similarity).register])
    return Service(
        NAME, settings, bus, server, resources=[workers, asking.purse], prepare=[corpora.clean], loops=asking.loops
    )
