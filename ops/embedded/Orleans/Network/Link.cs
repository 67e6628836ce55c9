using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Threading.Channels;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Network;

/// <summary>
/// What leaves for one peer, and the one connection to it. Frames wait here while the connection is being made; when it breaks the
/// link has ended for good, and a new one takes its place.
/// </summary>
internal sealed class Link : IDisposable
{
    // A peer that does not read may hold up this much and no more: then its messages are refused at once.
    private const int MaxQueuedFrames = 16_384;
    private const long MaxQueuedBytes = 256L * 1024 * 1024;

    // Several small frames share one write.
    private const int WriteBatchBytes = 64 * 1024;

    private readonly Channel<ReadOnlyMemory<byte>> _queue =
        Channel.CreateBounded<ReadOnlyMemory<byte>>(new BoundedChannelOptions(MaxQueuedFrames) { SingleReader = true });

    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource<bool> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _queuedBytes;
    private int _hasEnded;

    public Link(SiloAddress peer) => Peer = peer;

    public SiloAddress Peer { get; }

    public bool IsConnected => _connected.Task is { IsCompletedSuccessfully: true, Result: true } && !_ending.IsCancellationRequested;

    /// <summary>True when the connection stands, false when the link has ended before.</summary>
    public Task<bool> Connected => _connected.Task;

    /// <summary>Never blocks.</summary>
    /// <returns>False when the link has ended or too much waits.</returns>
    public bool TrySend(ReadOnlyMemory<byte> frame)
    {
        if (Interlocked.Add(ref _queuedBytes, frame.Length) <= MaxQueuedBytes && _queue.Writer.TryWrite(frame))
        {
            return true;
        }

        Interlocked.Add(ref _queuedBytes, -frame.Length);
        return false;
    }

    /// <summary>Takes the connection over and returns when it has ended.</summary>
    public async Task RunAsync(Socket socket, int maxFrameBytes, Action<ReadOnlyMemory<byte>> receive)
    {
        using (socket)
        await using (var stream = new NetworkStream(socket, ownsSocket: false))
        {
            _connected.TrySetResult(true);
            Task writing = WriteAllAsync(stream);
            try
            {
                await ReadAllAsync(new FrameReader(stream, maxFrameBytes), receive).ConfigureAwait(false);
            }
            catch (Exception broken) when (broken is IOException or SocketException or OperationCanceledException or InvalidDataException)
            {
                // However a connection ends, the link ends with it; who needs the peer asks for a new one.
            }

            End();
            await writing.ConfigureAwait(false);
        }
    }

    /// <summary>Lets what waits be written, within a limit of time.</summary>
    public async Task CompleteAsync(TimeSpan limit)
    {
        _queue.Writer.TryComplete();
        if (IsConnected)
        {
            await Task.WhenAny(_written.Task, Task.Delay(limit)).ConfigureAwait(false);
        }

        End();
    }

    /// <summary>From now on nothing is taken.</summary>
    public void End()
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) == 0)
        {
            _queue.Writer.TryComplete();
            _ending.Cancel();
            _connected.TrySetResult(false);
        }
    }

    /// <summary>What was taken and never sent; to be asked for once, after the end.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> TakeUnsent()
    {
        while (_queue.Reader.TryRead(out ReadOnlyMemory<byte> frame))
        {
            yield return frame;
        }
    }

    public void Dispose() => End();

    private async Task ReadAllAsync(FrameReader reader, Action<ReadOnlyMemory<byte>> receive)
    {
        while (await reader.ReadAsync(_ending.Token).ConfigureAwait(false) is { } frame)
        {
            receive(frame);
        }
    }

    private async Task WriteAllAsync(NetworkStream stream)
    {
        var batch = new ArrayBufferWriter<byte>(WriteBatchBytes);
        try
        {
            while (await _queue.Reader.WaitToReadAsync(_ending.Token).ConfigureAwait(false))
            {
                while (batch.WrittenCount < WriteBatchBytes && _queue.Reader.TryRead(out ReadOnlyMemory<byte> frame))
                {
                    Append(batch, frame);
                }

                await stream.WriteAsync(batch.WrittenMemory, _ending.Token).ConfigureAwait(false);
                batch.ResetWrittenCount();
            }
        }
        catch (Exception broken) when (broken is IOException or SocketException or OperationCanceledException)
        {
            End();
        }

        _written.TrySetResult();
    }

    private void Append(ArrayBufferWriter<byte> batch, ReadOnlyMemory<byte> frame)
    {
        Interlocked.Add(ref _queuedBytes, -frame.Length);
        BinaryPrimitives.WriteInt32LittleEndian(batch.GetSpan(FrameReader.PrefixBytes), frame.Length);
        batch.Advance(FrameReader.PrefixBytes);
        batch.Write(frame.Span);
    }
}
