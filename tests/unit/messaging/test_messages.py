"""A message carries ids only, under names and a version that outlive the code."""

from __future__ import annotations

from typing import Any

import pytest
from dramatiq import Message

from renderer.domain.route import Queue, Route
from renderer.messaging.broker import EmbeddedPublisher, embedded_broker, take_ids_of
from workers.actors import UnknownVersionError, register

GPU = Route(Queue.GPU, is_urgent=False)


def sent(broker: Any) -> list[Message[Any]]:
    queue = broker.queues["render_gpu"]
    return [Message.decode(queue.get_nowait()) for _ in range(queue.qsize())]


def test_a_batch_becomes_one_message() -> None:
    broker = embedded_broker()

    EmbeddedPublisher(broker).publish((3, 1, 2), "amy", GPU)

    [message] = sent(broker)
    assert (message.queue_name, message.actor_name) == ("render_gpu", "render_gpu")
    assert message.kwargs == {"take_ids": [3, 1, 2], "voice": "amy", "version": 2}
    assert message.args == ()


def test_the_actor_hands_the_ids_to_the_service() -> None:
    class Service:
        def __init__(self) -> None:
            self.batches: list[list[int]] = []
            self.failpoint = print

        def batch(self, take_ids: list[int]) -> None:
            self.batches.append(take_ids)

    broker, service = embedded_broker(), Service()
    register(broker, service)  # type: ignore[arg-type]
    actor = broker.get_actor("render_gpu")

    actor.fn(take_ids=[1, 2], voice="amy", version=2)

    assert service.batches == [[1, 2]]
    with pytest.raises(UnknownVersionError, match="message version 3 is not 2"):
        actor.fn(take_ids=[1, 2], voice="amy", version=3)
    assert service.batches == [[1, 2]]


def test_two_brokers_do_not_share_a_queue() -> None:
    first, second = embedded_broker(), embedded_broker()
    EmbeddedPublisher(first).publish([1], "amy", GPU)
    assert sent(second) == []
    assert len(sent(first)) == 1


def test_a_publisher_tells_how_much_waits_and_which_takes() -> None:
    publisher = EmbeddedPublisher(embedded_broker())
    publisher.publish([1, 2], "amy", GPU)
    publisher.publish([3], "amy", Route(Queue.CPU, is_urgent=True))
    assert publisher.depth(GPU) == 1
    assert publisher.held() == {1, 2, 3}


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"kwargs": {"take_ids": 7}}', b"\xff"])
def test_a_foreign_message_names_no_takes(data: bytes) -> None:
    assert take_ids_of(data) == []
