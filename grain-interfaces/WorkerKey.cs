namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>The key of an <see cref="IGpuWorkerGrain"/>: silo name, device name and model name, none of which holds a slash.</summary>
[GenerateSerializer, Immutable, Alias("deepseek.WorkerKey")]
public readonly record struct WorkerKey(
    [property: Id(0)] string Silo,
    [property: Id(1)] string Device,
    [property: Id(2)] string Model)
{
    public override string ToString() => $"{Silo}/{Device}/{Model}";

    /// <exception cref="FormatException">The text does not consist of three parts.</exception>
    public static WorkerKey Parse(string text) =>
        TryParse(text, out WorkerKey key) ? key : throw new FormatException($"'{text}' is not a worker key of the form silo/device/model");

    public static bool TryParse(string? text, out WorkerKey key)
    {
        if (text?.Split('/') is [{ Length: > 0 } silo, { Length: > 0 } device, { Length: > 0 } model])
        {
            key = new WorkerKey(silo, device, model);
            return true;
        }

        key = default;
        return false;
    }
}
