using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace DeepSeekOrleans.Cli.Up;

internal static class LocalPorts
{
    // below the ranges from which operating systems give ports to outgoing connections, one of which could otherwise
    // take the port before the process that it is meant for has opened it
    private const int First = 20_000;
    private const int End = 32_000;

    /// <summary>Ports on loopback that nothing listens on at the moment, all different.</summary>
    public static int[] Free(int count)
    {
        HashSet<int> ports = [];
        while (ports.Count < count)
        {
            int port = RandomNumberGenerator.GetInt32(First, End);
            if (IsFree(port))
            {
                ports.Add(port);
            }
        }

        return [.. ports];
    }

    private static bool IsFree(int port)
    {
        using TcpListener listener = new(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
