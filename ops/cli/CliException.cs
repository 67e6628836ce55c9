namespace DeepSeekOrleans.Cli;

/// <summary>An expected failure: the message is for the person at the terminal, the code for the calling script.</summary>
internal sealed class CliException(int exitCode, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public int Code { get; } = exitCode;
}
