namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>A process was to join a cluster that speaks another version of the contract. The message is for whoever started it.</summary>
public sealed class ContractMismatchException(string message) : Exception(message)
{
    /// <summary>What the refused process exits with.</summary>
    public const int ExitCode = 7;
}
