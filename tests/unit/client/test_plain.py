from chimera.build.v1 import build_pb2
from chimera_client.plain import to_plain


def test_times_and_time_spans_are_text_as_in_protobufs_own_json():
    build = build_pb2.Build()
    build.create_time.FromSeconds(0)
    build.paused.FromMilliseconds(1_500)
    build.spec.budget.time.FromSeconds(5_400)
    plain = to_plain(build)
    assert (plain["create_time"], plain["paused"]) == ("1970-01-01T00:00:00Z", "1.500s")
    assert plain["spec"]["budget"] == {"cost_nanousd": 0, "tokens": 0, "calls": 0, "time": "5400s"}
    assert plain["end_time"] is None
