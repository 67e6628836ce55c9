using System.Text.Json;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Language.Tests.Models;

public sealed class DemoModelTests
{
    private static readonly ModelLanguage Language = ModelLanguage.Load(Repository.DemoModel);
    private static readonly List<JsonElement> References = JsonLines.Read(Path.Combine(Repository.DemoModel, "expected.jsonl"));

    [Fact]
    public void Load_DemoModel_ReadsEndContextAndDefaults()
    {
        Assert.Equal([4090], Language.EndTokenIds.AsEnumerable());
        Assert.Equal(2048, Language.ContextLength);
        Assert.Equal(new GenerationDefaults(0.6, 0.95, null), Language.Defaults);
        Assert.Equal(4096, Language.Tokenizer.VocabularySize);
    }

    [Fact]
    public void Encode_RecognizedPrompt_GivesReferenceIds()
    {
        Assert.Equal(64, References.Count);
        Assert.All(References, line => Assert.Equal(line.Ids("prompt_ids"), Language.Tokenizer.Encode(line.Text("prompt"), ControlTokens.Recognized)));
    }

    [Fact]
    public void Decode_ReferenceOutput_GivesReferenceText() =>
        Assert.All(References, line => Assert.Equal(line.Text("output_text"), Language.Tokenizer.Decode(line.Ids("output_ids"))));

    [Fact]
    public void EncodeWithSpecial_PlainText_StartsWithBegin()
    {
        int[] ids = Language.Tokenizer.EncodeWithSpecial("Hello", ControlTokens.AsText);

        Assert.Equal(Language.Tokenizer.IdOf("<｜begin▁of▁sentence｜>"), ids[0]);
        Assert.Equal(Language.Tokenizer.Encode("Hello"), ids[1..]);
    }
}
