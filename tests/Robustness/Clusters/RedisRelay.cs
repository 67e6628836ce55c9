using System.Net;
using System.Net.Sockets;

namespace DeepSeekOrleans.Robustness.Clusters;

/// <summary>
/// Stands between a cluster and its Redis server and can make the way long. It serves where the kernel offers no such means to a test.
/// </summary>
internal sealed class RedisRelay : IAsyncDisposable
{
    private const int BufferBytes = 65_536;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly int _redisPort;
    private readonly Task _accepting;
    private long _delayTicks;

    public RedisRelay(int redisPort)
    {
        _redisPort = redisPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => _listener.LocalEndpoint.ToString()!;

    /// <summary>What is sent either way is held for so long.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref _delayTicks));
        set => Volatile.Write(ref _delayTicks, value.Ticks);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_closing.Token)));
            }
        }
        finally
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient near)
    {
        using TcpClient far = new();
        using (near)
        {
            try
            {
                await far.ConnectAsync(IPAddress.Loopback, _redisPort, _closing.Token);
                await Task.WhenAny(PassAsync(near.GetStream(), far.GetStream()), PassAsync(far.GetStream(), near.GetStream()));
            }
            catch (Exception gone) when (gone is SocketException or IOException or OperationCanceledException)
            {
                // the server is away: so is this connection
            }
        }
    }

    private async Task PassAsync(NetworkStream from, NetworkStream to)
    {
        byte[] buffer = new byte[BufferBytes];
        while (await from.ReadAsync(buffer, _closing.Token) is > 0 and var count)
        {
            if (Delay > TimeSpan.Zero)
            {
                await Task.Delay(Delay, _closing.Token);
            }

            await to.WriteAsync(buffer.AsMemory(0, count), _closing.Token);
        }
    }
}
