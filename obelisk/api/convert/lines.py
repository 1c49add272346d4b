"""Lines that components logged."""

from __future__ import annotations

from obelisk.api.convert.basics import datetime_of, member_of, unknown
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.ids import ExecutionId, RunId
from obelisk.interfaces.components import Logged, LogLevel, LogLine, StreamLine, StreamType
from obelisk.interfaces.storage import StoredLine

LEVEL_PREFIX = "LOG_LEVEL_"
STREAM_PREFIX = "LOG_STREAM_TYPE_"


def line_message(stored: StoredLine) -> pb.ListLogsResponse.LogEntry:
    """Write a line."""
    entry, line = pb.ListLogsResponse.LogEntry, stored.line
    message = entry(run_id=pb.RunId(id=stored.run_id), execution_id=pb.ExecutionId(id=stored.execution_id))
    message.created_at.FromDatetime(stored.created_at)
    if isinstance(line, LogLine):
        message.log.CopyFrom(entry.LogVariant(level=level_name(line.level), message=line.message))
    else:
        message.stream.CopyFrom(entry.StreamVariant(payload=line.payload, stream_type=stream_name(line.stream)))
    return message


def line_of(message: pb.ListLogsResponse.LogEntry) -> StoredLine:
    """Read a line. Raises ``ClientError`` for one that is none."""
    kind = message.WhichOneof("entry")
    line: Logged
    if kind == "log":
        line = LogLine(level_of(message.log.level), message.log.message)
    elif kind == "stream":
        line = StreamLine(stream_of(message.stream.stream_type), message.stream.payload)
    else:
        raise unknown(f"a log entry with `{kind}`")
    when = datetime_of(message.created_at)
    return StoredLine(ExecutionId(message.execution_id.id), RunId(message.run_id.id), when, line)


def level_name(level: LogLevel) -> str:
    """Return the name of the enum value for a level."""
    return LEVEL_PREFIX + level.name


def level_of(number: int) -> LogLevel:
    """Read a level."""
    return member_of(LogLevel, pb.LogLevel, number, prefix=LEVEL_PREFIX)


def stream_name(stream: StreamType) -> str:
    """Return the name of the enum value for a stream."""
    return STREAM_PREFIX + stream.name


def stream_of(number: int) -> StreamType:
    """Read which stream it is."""
    return member_of(StreamType, pb.LogStreamType, number, prefix=STREAM_PREFIX)
