namespace DeepSeekOrleans.Robustness;

internal static class Program
{
    private const int WrongUsage = 64;

    /// <returns>0 when all that could run has passed, 1 when something failed or was void.</returns>
    public static async Task<int> Main(string[] args)
    {
        if (RunSettings.Parse(args) is not { } settings)
        {
            Console.Error.WriteLine(RunSettings.Usage);
            return WrongUsage;
        }

        Console.WriteLine($"seed {settings.Seed}");
        List<(string Id, Verdict Verdict)> verdicts = [];
        foreach (IScenario scenario in Rig.Scenarios.Where(scenario => settings.Ids.Count == 0 || settings.Ids.Contains(scenario.Id)))
        {
            verdicts.Add((scenario.Id, await Rig.RunAsync(scenario, settings, Console.WriteLine)));
        }

        Console.WriteLine(string.Join(", ", verdicts.Select(one => $"{one.Id} {one.Verdict}")));
        return verdicts.All(one => one.Verdict is Verdict.Passed or Verdict.Unavailable) ? 0 : 1;
    }
}
