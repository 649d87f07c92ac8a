"""How a stage subscribes to its topic."""

from typing import Any

from faststream import AckPolicy
from faststream._internal.endpoint.subscriber.call_item import CallsCollection
from faststream.kafka import KafkaBroker
from faststream.kafka.broker.registrator import KafkaRegistrator
from faststream.kafka.configs import KafkaBrokerConfig
from faststream.kafka.schemas import Topic
from faststream.kafka.subscriber.config import KafkaSubscriberConfig, KafkaSubscriberSpecificationConfig
from faststream.kafka.subscriber.specification import KafkaSubscriberSpecification

from chimera_shared.bus.consumer import CONSUMER_OPTIONS, own_assignor
from chimera_shared.bus.parallel import DEFAULT_TUNING, ParallelSubscriber, Tuning
from chimera_shared.bus.records import FlightKey

__all__ = ["ParallelSubscriber", "Tuning", "parallel_subscriber"]


def parallel_subscriber(
    broker: KafkaBroker,
    *topics: str,
    group_id: str,
    group_instance_id: str | None,
    max_in_flight: int,
    flight_key: FlightKey | None = None,
    tuning: Tuning = DEFAULT_TUNING,
    **consumer_options: Any,
) -> ParallelSubscriber:
    """A subscriber of `broker` to one or more topics, to be used like the one that `broker.subscriber()` returns.

    `group_instance_id` names this member across restarts, so that a restart causes no rebalance. A message whose
    `flight_key` equals that of one in flight here is finished at once. `consumer_options` go to AIOKafkaConsumer.
    The broker's request_timeout_ms must exceed the rebalance time-out (30 s), by which aiokafka times a join out.
    """
    if max_in_flight < 1:
        raise ValueError(f"max_in_flight is {max_in_flight}; give at least 1")
    broker_config: KafkaBrokerConfig = broker.config  # type: ignore[assignment]
    subscribed = [Topic(name, declare=False) for name in topics]
    config = KafkaSubscriberConfig(
        topics=subscribed,
        group_id=group_id,
        connection_args={
            **CONSUMER_OPTIONS,
            "group_instance_id": group_instance_id,
            "partition_assignment_strategy": (own_assignor(),),
            **consumer_options,
        },
        no_reply=True,
        _outer_config=broker_config,
        _ack_policy=AckPolicy.MANUAL,
    )
    calls = CallsCollection[Any]()
    specification = KafkaSubscriberSpecification(
        broker_config, KafkaSubscriberSpecificationConfig(title_=None, description_=None, topics=subscribed), calls
    )
    subscriber = ParallelSubscriber(
        config, specification, calls, max_in_flight=max_in_flight, flight_key=flight_key, tuning=tuning
    )
    super(KafkaRegistrator, broker).subscriber(subscriber)
    subscriber.add_call(parser_=None, decoder_=None, dependencies_=())
    return subscriber
