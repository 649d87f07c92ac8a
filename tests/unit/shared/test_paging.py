import pytest

from chimera.build.v1 import build_service_pb2
from chimera_shared.errors import InvalidInput
from chimera_shared.paging import Page


def page(size=0, token="") -> Page:
    return Page.of(build_service_pb2.ListBuildsRequest(page_size=size, page_token=token))


@pytest.mark.parametrize(("asked", "given"), [(0, 50), (1, 1), (200, 200), (201, 200), (2**31 - 1, 200)])
def test_the_size_has_a_default_and_a_bound(asked, given):
    assert page(asked).size == given


def test_a_negative_size_is_refused():
    with pytest.raises(InvalidInput, match="page_size: must not be negative, not -1"):
        page(-1)


@pytest.mark.parametrize("token", ["x", "-1", "1.5", "²", "9" * 30, "9" * 5000, "0x1", " 1"])
def test_a_made_up_token_is_refused(token):
    with pytest.raises(InvalidInput, match="page_token: is not a token of an earlier answer"):
        page(token=token).number()


def test_pages_follow_each_other():
    first = page(10)
    assert first.number() == 0
    token = first.next_number(11)

    second = page(10, token)

    assert second.number() == 10
    assert second.next_number(10) == ""
