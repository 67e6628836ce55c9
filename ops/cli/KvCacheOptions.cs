using System.CommandLine;
using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.Engine.Onnx.Calibration;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Cli;

/// <summary><c>--kv-cache</c> and <c>--calibrate</c>: what keys and values are kept in, and the text that decides the scales.</summary>
internal sealed class KvCacheOptions
{
    public const string Float = "fp32";
    public const string Int8 = "int8";

    private readonly Option<string> _form = Form();

    private readonly Option<FileInfo?> _text = new("--calibrate")
    {
        Description = "With --kv-cache int8, a text like those to be served, whose keys and values decide the scales; by default one of our own",
    };

    /// <summary><c>--kv-cache</c> alone.</summary>
    public static Option<string> Form()
    {
        Option<string> form = new("--kv-cache")
        {
            Description = $"What keys and values are kept in: {Float} (16 bits where the model computes in 16 bits), or {Int8}, a quarter of it, for CPUs",
            DefaultValueFactory = _ => Float,
        };
        form.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is var word and not (Float or Int8))
            {
                result.AddError($"--kv-cache must be {Float} or {Int8}; it is '{word}'");
            }
        });
        return form;
    }

    public void AddTo(Command command)
    {
        command.Add(_form);
        command.Add(_text);
    }

    /// <summary>The text that was named, or null.</summary>
    public FileInfo? Text(ParseResult parsed) => parsed.GetValue(_text);

    /// <summary>Null for keys and values in the type that the model computes in.</summary>
    /// <exception cref="CliException">The text cannot be read, or is not needed.</exception>
    public Int8KvCache? Read(ParseResult parsed)
    {
        FileInfo? file = Text(parsed);
        if (parsed.GetRequiredValue(_form) != Int8)
        {
            return file is null ? null : throw new CliException(ExitCode.WrongUsage, $"--calibrate is for --kv-cache {Int8}");
        }

        string text = file is null ? Int8KvCache.DefaultText : PerplexityCommand.ReadText(file);
        return string.IsNullOrWhiteSpace(text)
            ? throw new CliException(ExitCode.WrongUsage, $"'{file}' holds no text")
            : new Int8KvCache(text, KvPeaks.Measure);
    }
}
