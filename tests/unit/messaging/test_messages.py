"""A message carries ids only, under names and a version that outlive the code."""

from __future__ import annotations

from typing import Any

import pytest
from dramatiq import Message

from renderer.messaging.broker import DramatiqPublisher, embedded_broker
from workers.actors import register


def sent(broker: Any) -> list[Message[Any]]:
    queue = broker.queues["render"]
    return [Message.decode(queue.get_nowait()) for _ in range(queue.qsize())]


def test_a_batch_becomes_one_message() -> None:
    broker = embedded_broker()

    DramatiqPublisher(broker).publish((3, 1, 2), "amy")

    [message] = sent(broker)
    assert (message.queue_name, message.actor_name) == ("render", "render_batch")
    assert message.kwargs == {"take_ids": [3, 1, 2], "voice": "amy", "version": 1}
    assert message.args == ()


def test_the_actor_hands_the_ids_to_the_service() -> None:
    class Service:
        def __init__(self) -> None:
            self.batches: list[list[int]] = []

        def batch(self, take_ids: list[int]) -> None:
            self.batches.append(take_ids)

    broker, service = embedded_broker(), Service()
    register(broker, service)  # type: ignore[arg-type]
    actor = broker.get_actor("render_batch")

    actor.fn(take_ids=[1, 2], voice="amy", version=1)

    assert service.batches == [[1, 2]]
    with pytest.raises(ValueError, match="message version 2 is not 1"):
        actor.fn(take_ids=[1, 2], voice="amy", version=2)
    assert service.batches == [[1, 2]]


def test_two_brokers_do_not_share_a_queue() -> None:
    first, second = embedded_broker(), embedded_broker()
    DramatiqPublisher(first).publish([1], "amy")
    assert sent(second) == []
    assert len(sent(first)) == 1
