using System.Text.Json;
using DeepSeekOrleans.Language.Models;
using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Templates;
using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Library;
using DeepSeekOrleans.Language.Templates.Parsing;
using DeepSeekOrleans.Language.Templates.Syntax;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language;

/// <summary>
/// The chat template of a model: a program in the Jinja language, run by an interpreter that gives it nothing but its input, and a
/// budget. Texts know whether they come from the template or from the input, so a control token in the prompt is always the
/// template's own. For any number of threads.
/// </summary>
public sealed class ChatTemplate
{
    private const string FileName = "chat_template.jinja";
    private readonly Block _root;
    private readonly IReadOnlyDictionary<string, string> _specialTokens;
    private readonly Tokenizer _tokenizer;
    private readonly TemplateLimits _limits;
    private readonly TimeProvider _time;

    private ChatTemplate(Block root, IReadOnlyDictionary<string, string> specialTokens, Tokenizer tokenizer, TemplateLimits limits, TimeProvider time)
    {
        _root = root;
        _specialTokens = specialTokens;
        _tokenizer = tokenizer;
        _limits = limits;
        _time = time;
    }

    /// <summary>Renders a chat.</summary>
    /// <exception cref="TemplateException">The template refused the input or exceeded its budget.</exception>
    public RenderedPrompt Render(ChatTemplateInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        TrackedText prompt = RenderText(input);
        return new RenderedPrompt(prompt.Text, _tokenizer.Encode(prompt.Text, prompt.Trusted));
    }

    /// <summary>The rendered text alone.</summary>
    internal TrackedText RenderText(ChatTemplateInput input)
    {
        Dictionary<string, TemplateValue> variables = ReadInput(input, out InputSize size);
        RenderState state = new(new RenderBudget(_limits, size), _time);
        Scope globals = new(null);
        Functions.AddTo(globals, state);
        foreach ((string name, string token) in _specialTokens)
        {
            globals.Set(name, new TextValue(TrackedText.FromModel(token)));
        }

        foreach ((string name, TemplateValue value) in variables)
        {
            globals.Set(name, value);
        }

        Frame frame = new(state, new Scope(globals), new TrackedTextBuilder());
        _root.Execute(frame);
        return frame.Output.Build();
    }

    /// <summary>The template of a model directory; null when it has none.</summary>
    internal static ChatTemplate? TryLoad(string directory, TokenizerConfig config, Tokenizer tokenizer, TimeProvider time)
    {
        string path = Path.Combine(directory, FileName);
        string? source = File.Exists(path) ? System.Text.Encoding.UTF8.GetString(JsonFile.WithoutMark(JsonFile.ReadBytes(path))) : null;
        string file = source is null ? TokenizerConfig.FileName : FileName;
        source ??= config.ChatTemplate;
        return source is null ? null : Parse(source, file, config, tokenizer, time);
    }

    internal static ChatTemplate Parse(string source, string file, TokenizerConfig config, Tokenizer tokenizer, TimeProvider time)
    {
        try
        {
            TemplateLimits limits = TemplateLimits.Default;
            return new ChatTemplate(TemplateParser.Parse(source, limits), config.SpecialTokens, tokenizer, limits, time);
        }
        catch (TemplateSyntaxException exception)
        {
            throw new ModelFormatException(file, exception.Message, exception);
        }
    }

    private static Dictionary<string, TemplateValue> ReadInput(ChatTemplateInput input, out InputSize size)
    {
        size = default;
        Dictionary<string, TemplateValue> variables = [];
        foreach ((string name, JsonElement value) in input.Arguments)
        {
            variables[name] = JsonValues.Convert(value, ref size);
        }

        variables["messages"] = JsonValues.Convert(input.Messages, ref size);
        // defined, but none, where there are no tools: templates ask for either
        variables["tools"] = input.Tools is JsonElement tools ? JsonValues.Convert(tools, ref size) : NoneValue.Instance;
        variables["documents"] = variables.GetValueOrDefault("documents") ?? NoneValue.Instance;
        variables["add_generation_prompt"] = BooleanValue.Of(input.AddGenerationPrompt);
        return variables;
    }
}
