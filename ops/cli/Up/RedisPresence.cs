using System.Net.Sockets;

namespace DeepSeekOrleans.Cli.Up;

/// <summary>Waits for a Redis server that others start: after a power cut nobody knows which of two services is up first.</summary>
internal static class RedisPresence
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    /// <param name="address">host:port, options of the connection after a comma.</param>
    /// <param name="waiting">Called once, when it is not there at first.</param>
    /// <exception cref="CliException">It has not come in two minutes, or the address is none.</exception>
    public static async Task WaitAsync(string address, Action waiting, CancellationToken cancellationToken)
    {
        (string host, int port) = Parse(address);
        long began = TimeProvider.System.GetTimestamp();
        for (bool isFirst = true; !await ListensAsync(host, port, cancellationToken); isFirst = false)
        {
            if (isFirst)
            {
                waiting();
            }

            if (TimeProvider.System.GetElapsedTime(began) > Limit)
            {
                throw new CliException(ExitCode.Unreachable, $"no Redis server came up at {host}:{port} within {Limit.TotalMinutes} minutes");
            }

            await Task.Delay(LookInterval, cancellationToken);
        }
    }

    private static (string Host, int Port) Parse(string address) =>
        address.Split(',')[0].Split(':') is [{ Length: > 0 } host, var number] && ushort.TryParse(number, out ushort port)
            ? (host, port)
            : throw new CliException(ExitCode.WrongUsage, $"--redis '{address}' is not of the form host:port");

    private static async Task<bool> ListensAsync(string host, int port, CancellationToken cancellationToken)
    {
        using TcpClient probe = new();
        try
        {
            await probe.ConnectAsync(host, port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
