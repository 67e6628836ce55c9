using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace DeepSeekOrleans.TestKit;

/// <summary>
/// Ports on loopback for what a test starts a moment later. They lie below the ranges from which operating systems give ports to outgoing
/// connections (Linux from 32,768, others from 49,152), and each is reserved among all test processes of the machine until this one ends.
/// </summary>
public static class FreePorts
{
    private const int First = 20_000;
    private const int End = 32_000;

    private static readonly string Reservations = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "deepseek-test-ports")).FullName;

    // an open file without sharing is the reservation, and goes with the process however that ends
    private static readonly List<FileStream> Held = [];

    public static int[] Take(int count) => [.. Enumerable.Range(0, count).Select(_ => TakeOne())];

    /// <returns>The first of so many ports that follow each other.</returns>
    public static int TakeRun(int length)
    {
        while (true)
        {
            int first = RandomNumberGenerator.GetInt32(First, End);
            if (Enumerable.Range(first, length).All(port => TryReserve(port) && IsFree(port)))
            {
                return first;
            }
        }
    }

    private static int TakeOne() => TakeRun(1);

    private static bool TryReserve(int port)
    {
        try
        {
            FileStream held = new(Path.Combine(Reservations, $"{port}"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            lock (Held)
            {
                Held.Add(held);
            }

            return true;
        }
        catch (IOException)
        {
            return false;
        }
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
