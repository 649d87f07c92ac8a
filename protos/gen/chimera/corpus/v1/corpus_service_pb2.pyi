from chimera.corpus.v1 import corpus_pb2 as _corpus_pb2
from chimera.sample.v1 import sample_pb2 as _sample_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ImportCorpusRequest(_message.Message):
    __slots__ = ("head", "items", "sealed")
    HEAD_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    SEALED_FIELD_NUMBER: _ClassVar[int]
    head: _corpus_pb2.Corpus
    items: CorpusItems
    sealed: bool
    def __init__(self, head: _Optional[_Union[_corpus_pb2.Corpus, _Mapping]] = ..., items: _Optional[_Union[CorpusItems, _Mapping]] = ..., sealed: _Optional[bool] = ...) -> None: ...

class CorpusItems(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_corpus_pb2.CorpusItem]
    def __init__(self, items: _Optional[_Iterable[_Union[_corpus_pb2.CorpusItem, _Mapping]]] = ...) -> None: ...

class GetCorpusRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ReadCorpusRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListCorporaRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCorporaResponse(_message.Message):
    __slots__ = ("corpora", "next_page_token")
    CORPORA_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    corpora: _containers.RepeatedCompositeFieldContainer[_corpus_pb2.Corpus]
    next_page_token: str
    def __init__(self, corpora: _Optional[_Iterable[_Union[_corpus_pb2.Corpus, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteCorpusRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class DeleteCorpusResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class FindSimilarRequest(_message.Message):
    __slots__ = ("statement", "corpora", "benchmarks", "build_id")
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    CORPORA_FIELD_NUMBER: _ClassVar[int]
    BENCHMARKS_FIELD_NUMBER: _ClassVar[int]
    BUILD_ID_FIELD_NUMBER: _ClassVar[int]
    statement: str
    corpora: _containers.RepeatedScalarFieldContainer[str]
    benchmarks: _containers.RepeatedScalarFieldContainer[str]
    build_id: str
    def __init__(self, statement: _Optional[str] = ..., corpora: _Optional[_Iterable[str]] = ..., benchmarks: _Optional[_Iterable[str]] = ..., build_id: _Optional[str] = ...) -> None: ...

class FindSimilarResponse(_message.Message):
    __slots__ = ("matches",)
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    matches: _containers.RepeatedCompositeFieldContainer[_sample_pb2.Match]
    def __init__(self, matches: _Optional[_Iterable[_Union[_sample_pb2.Match, _Mapping]]] = ...) -> None: ...
