using System.Diagnostics;
using System.Text.Json;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Conformance.Tests;

/// <summary>Runs a script of the clients folder under Node.js; the script prints one JSON value.</summary>
internal static class NodeClient
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "Conformance.Tests", "clients");

    public static async Task<JsonElement> RunAsync(string script, params string[] arguments)
    {
        ProcessStartInfo start = new("node", [Path.Combine(Folder, script), .. arguments]) { WorkingDirectory = Folder };

        CommandResult result = await CommandLine.RunAsync(start);

        Assert.True(result.ExitCode == 0, $"{script} ended with {result.ExitCode}: {result.Error}");
        return JsonElement.Parse(result.Output);
    }
}
