using System.Runtime.InteropServices;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>
/// The tokens of one answer so far, and all who read them, each at its own pace. They stay for whoever comes later, so a slow reader
/// holds nobody up; one that falls too far behind is cut, because a client that does not read must not keep a worker busy.
/// </summary>
/// <param name="maxUnread">Tokens that a reader may be behind, not counting what was there when it came.</param>
internal sealed class TokenLog(int maxUnread)
{
    // guards the fields below and the readers' places; held for the copy of a few tokens
    private readonly Lock _log = new();
    private readonly List<int> _tokens = [];
    private readonly List<LogReader> _readers = [];
    private StreamFacts? _facts;
    private StreamFinish? _finish;
    private Exception? _failure;
    private bool _isDeserted;

    public int Count
    {
        get
        {
            lock (_log)
            {
                return _tokens.Count;
            }
        }
    }

    /// <summary>Nothing more is to come: the answer is complete or has failed, or its last reader left before that.</summary>
    public bool IsOver
    {
        get
        {
            lock (_log)
            {
                return HasEnded || _isDeserted;
            }
        }
    }

    /// <summary>Every token has come.</summary>
    public bool IsComplete
    {
        get
        {
            lock (_log)
            {
                return _finish is not null;
            }
        }
    }

    /// <summary>The last reader has left before the end; no other can join.</summary>
    public bool IsDeserted
    {
        get
        {
            lock (_log)
            {
                return _isDeserted;
            }
        }
    }

    private bool HasEnded => _finish is not null || _failure is not null;

    /// <summary>A reader of the whole answer; null when it has failed, or was given up because nobody was left to read it.</summary>
    public LogReader? TryJoin()
    {
        lock (_log)
        {
            if (_failure is not null || _isDeserted)
            {
                return null;
            }

            var reader = new LogReader(this) { CountsFrom = _tokens.Count };
            _readers.Add(reader);
            if (_tokens.Count > 0 || HasEnded)
            {
                reader.Wake();
            }

            return reader;
        }
    }

    /// <summary>Adds what has come; nothing once the log is over.</summary>
    /// <param name="delta">Only a finish that completes the answer may be in it.</param>
    /// <param name="counts">Readers must keep up with it; false for what was computed before it was asked for.</param>
    public void Append(in StreamDelta delta, bool counts)
    {
        lock (_log)
        {
            if (HasEnded)
            {
                return;
            }

            _tokens.AddRange(delta.TokenIds);
            _facts ??= delta.Facts;
            _finish = delta.Finish;
            for (int i = _readers.Count - 1; i >= 0; i--)
            {
                Tell(_readers[i], counts);
            }
        }
    }

    /// <summary>Completes the answer where it is, unless it is over.</summary>
    public void End(StreamFinish finish)
    {
        lock (_log)
        {
            if (!HasEnded)
            {
                _finish = finish;
                WakeAll();
            }
        }
    }

    /// <summary>What has come can still be read; after it every reader gets the failure.</summary>
    public void Fail(Exception failure)
    {
        lock (_log)
        {
            if (!HasEnded)
            {
                _failure = failure;
                WakeAll();
            }
        }
    }

    /// <summary>Nothing new, but the answer lives.</summary>
    public void ShowLife()
    {
        lock (_log)
        {
            WakeAll();
        }
    }

    /// <returns>Nobody is left.</returns>
    public bool Leave(LogReader reader)
    {
        lock (_log)
        {
            Remove(reader);
            return _readers.Count == 0;
        }
    }

    public int[] ToArray()
    {
        lock (_log)
        {
            return [.. _tokens];
        }
    }

    /// <summary>The whole answer; only when it is complete.</summary>
    public CachedResponse ToResponse()
    {
        lock (_log)
        {
            return new CachedResponse([.. _tokens], _finish!.Value, _facts);
        }
    }

    /// <summary>Gives a reader what it has not read yet.</summary>
    public LogState Take(LogReader reader, List<int> unread)
    {
        lock (_log)
        {
            // under the lock: a reader that is woken and finds nothing new has been shown a sign of life
            reader.Rest();
            unread.AddRange(CollectionsMarshal.AsSpan(_tokens)[reader.Next..]);
            reader.Next = _tokens.Count;
            return new LogState(_facts, _finish, reader.IsCut ? new GenerationException(GenerationFailure.SlowReader) : _failure);
        }
    }

    private void Tell(LogReader reader, bool counts)
    {
        if (!counts)
        {
            reader.CountsFrom = _tokens.Count;
        }

        if (_tokens.Count - Math.Max(reader.Next, reader.CountsFrom) > maxUnread)
        {
            reader.IsCut = true;
            Remove(reader);
        }

        reader.Wake();
    }

    private void Remove(LogReader reader)
    {
        _readers.Remove(reader);
        _isDeserted |= _readers.Count == 0 && !HasEnded;
    }

    private void WakeAll() => _readers.ForEach(reader => reader.Wake());
}

/// <param name="Facts">Known with the first token.</param>
/// <param name="Finish">Set when the answer is complete.</param>
/// <param name="Failure">Set when nothing more comes for this reader, and why.</param>
internal readonly record struct LogState(StreamFacts? Facts, StreamFinish? Finish, Exception? Failure);
