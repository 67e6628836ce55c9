"""One call to the contract service with the gRPC client of Python; prints what came of it as one line of JSON.

Arguments: host:port, the FileDescriptorProto of contract.proto as base64, the scenario.
"""
import base64
import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "deepseekorleans.contract.v1"
ADDRESS, DESCRIPTOR, SCENARIO = sys.argv[1:4]

pool = descriptor_pool.DescriptorPool()
pool.Add(descriptor_pb2.FileDescriptorProto.FromString(base64.b64decode(DESCRIPTOR)))
service = pool.FindServiceByName(f"{PACKAGE}.Contract")
factory = message_factory.MessageFactory(pool)


def message(name, **fields):
    return factory.GetPrototype(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))(**fields)


def method(channel, name, kind):
    found = service.FindMethodByName(name)
    reply = factory.GetPrototype(found.output_type)
    start = getattr(channel, kind)
    return start(
        f"/{PACKAGE}.Contract/{name}",
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=reply.FromString,
    )


def echo(channel):
    return {"text": method(channel, "Echo", "unary_unary")(message("EchoRequest", text="grüße 模型")).text}


def stream(channel):
    replies = method(channel, "Count", "unary_stream")(message("CountRequest", to=1000))
    return {"values": [reply.value for reply in replies]}


def sum_up(channel):
    requests = (message("CountReply", value=value) for value in range(1, 1001))
    return {"total": method(channel, "Sum", "stream_unary")(requests).total}


def chat(channel):
    requests = (message("EchoRequest", text=text) for text in ["one", "two", "three"])
    return {"values": [reply.text for reply in method(channel, "Chat", "stream_stream")(requests)]}


def deadline(channel):
    # connected first, and then a whole second: the call must have reached the service when its time is up
    grpc.channel_ready_future(channel).result(timeout=30)
    return method(channel, "Wait", "unary_unary")(message("EchoRequest"), timeout=1)


def cancel(channel):
    replies = method(channel, "Count", "unary_stream")(message("CountRequest"))
    next(replies)
    replies.cancel()
    for _ in replies:
        pass


def too_large(channel):
    return method(channel, "Echo", "unary_unary")(message("EchoRequest", padding=bytes(65 * 1024)))


def gzip(channel):
    call = method(channel, "Echo", "unary_unary")
    return {"text": call(message("EchoRequest", text="a" * 1000), compression=grpc.Compression.Gzip).text}


def metadata(channel):
    sent = (("x-text", "plain"), ("x-data-bin", bytes(range(256))))
    reply, call = method(channel, "Reflect", "unary_unary").with_call(message("EchoRequest"), metadata=sent)
    return {"headers": read(call.initial_metadata()), "trailers": read(call.trailing_metadata())}


def read(entries):
    values = dict(entries)
    return {"text": values["x-text"], "data": base64.b64encode(values["x-data-bin"]).decode()}


def fail(channel):
    return method(channel, "Fail", "unary_unary")(message("FailRequest", code=5, message="100 % größer: 模型\n"))


def missing(channel):
    return method(channel, "Missing", "unary_unary")(message("EchoRequest"))


with grpc.insecure_channel(ADDRESS) as connection:
    try:
        outcome = {"code": 0, **(globals()[SCENARIO](connection) or {})}
    except grpc.RpcError as error:
        outcome = {"code": error.code().value[0], "details": error.details()}
    print(json.dumps(outcome))
