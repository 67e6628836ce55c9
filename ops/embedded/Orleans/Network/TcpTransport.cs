using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using DeepSeekOrleans.Embedded.Messaging;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Network;

/// <summary>
/// Frames between processes of this machine over TCP on loopback, one connection for each pair: a client connects to a gateway, and of
/// two silos the one with the greater address connects to the other.
/// </summary>
internal sealed partial class TcpTransport(ClusterOptions cluster, ILogger logger) : ITransport, IAsyncDisposable
{
    // Above the largest message's body by more than any header.
    private const int HeaderRoom = 64 * 1024;

    // As long as a peer that has just been heard of may take to connect.
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(1);

    // To forget one costs whoever sends to it the limit above.
    private const int MaxLost = 4096;

    private readonly ConcurrentDictionary<SiloAddress, Link> _links = new();

    // Peers whose connection broke: what is sent to them is refused at once, until they connect again.
    private readonly ConcurrentDictionary<SiloAddress, bool> _lost = new();
    private readonly List<Socket> _listeners = [];
    private readonly CancellationTokenSource _stopping = new();
    private Node _node = null!;
    private Handshake _handshake = null!;

    /// <summary>Told when a connection stands.</summary>
    public Action<SiloAddress>? Met { get; set; }

    /// <summary>Told when a connection that stood has broken.</summary>
    public Action<SiloAddress>? Lost { get; set; }

    public bool IsConnected(SiloAddress peer) => _links.TryGetValue(peer, out Link? link) && link.IsConnected;

    /// <summary>Waits for a peer that connects by itself.</summary>
    /// <returns>Whether it is connected now.</returns>
    public async Task<bool> ConnectedAsync(SiloAddress peer, TimeSpan limit)
    {
        Link link = LinkTo(peer);
        await Task.WhenAny(link.Connected, Task.Delay(limit, _stopping.Token)).ConfigureAwait(false);
        return link.IsConnected;
    }

    public void Attach(Node node)
    {
        _node = node;
        _handshake = new Handshake(cluster, node.Address);
        node.IsOpen = true;
    }

    /// <exception cref="SocketException">The port is in use.</exception>
    public void Listen(int port)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen();
        _listeners.Add(listener);
        _ = AcceptAsync(listener);
    }

    public bool Send(SiloAddress from, SiloAddress to, ReadOnlyMemory<byte> frame)
    {
        if (!_node.IsOpen)
        {
            return true;
        }

        if (to.Equals(_node.Address))
        {
            _node.Receive(frame);
            return true;
        }

        return !_lost.ContainsKey(to) && LinkTo(to).TrySend(frame);
    }

    /// <summary>Connects unless a connection stands.</summary>
    /// <returns>Whether one stands now.</returns>
    public async Task<bool> ConnectAsync(SiloAddress peer, int port)
    {
        if (IsConnected(peer))
        {
            return true;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        limit.CancelAfter(Handshake.Limit);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), limit.Token).ConfigureAwait(false);
            await using (var stream = new NetworkStream(socket, ownsSocket: false))
            {
                await _handshake.GreetAsync(stream, peer, limit.Token).ConfigureAwait(false);
            }

            return Begin(peer, socket);
        }
        catch (Exception unreachable) when (IsConnectionFailure(unreachable))
        {
            socket.Dispose();
            Log.NotConnected(logger, peer, unreachable.Message);
            GiveUp(peer);
            return false;
        }
    }

    /// <summary>Ends the connection with a peer that is dead or gone.</summary>
    public void Close(SiloAddress peer) => GiveUp(peer);

    /// <summary>Everything at once, as when the process dies.</summary>
    public void Abort()
    {
        _node.IsOpen = false;
        StopListening();
        foreach (Link link in _links.Values)
        {
            link.End();
        }
    }

    public async ValueTask DisposeAsync()
    {
        StopListening();
        await Task.WhenAll(_links.Values.Select(link => link.CompleteAsync(FlushLimit))).ConfigureAwait(false);
    }

    private static bool IsConnectionFailure(Exception failure) =>
        failure is SocketException or IOException or OperationCanceledException or OrleansConnectionException or ObjectDisposedException;

    private void StopListening()
    {
        _stopping.Cancel();
        foreach (Socket listener in _listeners)
        {
            listener.Dispose();
        }
    }

    private Link LinkTo(SiloAddress peer)
    {
        if (_links.TryGetValue(peer, out Link? known))
        {
            return known;
        }

        var created = new Link(peer);
        Link link = _links.GetOrAdd(peer, created);
        if (ReferenceEquals(link, created))
        {
            _ = EndUnlessConnectedAsync(link);
        }

        return link;
    }

    private async Task EndUnlessConnectedAsync(Link link)
    {
        await Task.WhenAny(link.Connected, Task.Delay(ConnectLimit, _stopping.Token)).ConfigureAwait(false);
        if (!link.IsConnected && _links.TryGetValue(link.Peer, out Link? current) && ReferenceEquals(current, link) && !link.Connected.IsCompleted)
        {
            GiveUp(link.Peer);
        }
    }

    private bool Begin(SiloAddress peer, Socket socket)
    {
        Link link = LinkTo(peer);
        if (_stopping.IsCancellationRequested || link.Connected.IsCompleted)
        {
            socket.Dispose();
            return link.IsConnected;
        }

        _lost.TryRemove(peer, out _);
        Met?.Invoke(peer);
        _ = RunAsync(link, socket);
        return true;
    }

    private async Task RunAsync(Link link, Socket socket)
    {
        await link.RunAsync(socket, _node.Messaging.MaxMessageBodySize + HeaderRoom, _node.Receive).ConfigureAwait(false);
        GiveUp(link.Peer);
        if (!_stopping.IsCancellationRequested)
        {
            Lost?.Invoke(link.Peer);
        }
    }

    private void GiveUp(SiloAddress peer)
    {
        if (_lost.Count >= MaxLost)
        {
            _lost.Clear();
        }

        _lost[peer] = true;
        if (_links.TryRemove(peer, out Link? link))
        {
            link.End();
            foreach (ReadOnlyMemory<byte> frame in link.TakeUnsent())
            {
                _node.ReturnUndelivered(peer, frame);
            }
        }
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                Socket socket = await listener.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                socket.NoDelay = true;
                _ = WelcomeAsync(socket);
            }
            catch (Exception failure) when (IsConnectionFailure(failure))
            {
                // The listener is closing, or one who connected has gone before it was accepted.
            }
        }
    }

    private async Task WelcomeAsync(Socket socket)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        limit.CancelAfter(Handshake.Limit);
        try
        {
            await using var stream = new NetworkStream(socket, ownsSocket: false);
            SiloAddress peer = await _handshake.ReceiveAsync(stream, limit.Token).ConfigureAwait(false);
            Begin(peer, socket);
        }
        catch (Exception refused) when (IsConnectionFailure(refused) || refused is FormatException)
        {
            socket.Dispose();
            Log.Refused(logger, refused.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "No connection with {Peer}: {Reason}")]
        public static partial void NotConnected(ILogger logger, SiloAddress peer, string reason);

        [LoggerMessage(2, LogLevel.Warning, "A connection was refused: {Reason}")]
        public static partial void Refused(ILogger logger, string reason);
    }
}
