using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Cli;

/// <summary>What the process tells its caller; documented in <c>deepseek --help</c>.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int WrongUsage = 2;
    public const int Unreachable = 3;
    public const int ModelRefused = 4;
    public const int AddressInUse = 5;
    public const int RequestRefused = 6;
    public const int ContractMismatch = ContractMismatchException.ExitCode;
    public const int Interrupted = 130;

    public const string Help = """
        Exit codes:
          0    done
          1    failed; the message says why
          2    wrong usage: an unknown command or option, or a value outside its range
          3    no cluster answers at the address
          4    the model directory is missing or damaged, or the model does not fit into the memory
          5    a port is already in use
          6    the cluster refused the request, or the answer broke off
          7    the silo or frontend is of another build than the cluster, whose grain contract it does not speak
          130  interrupted
        """;
}
