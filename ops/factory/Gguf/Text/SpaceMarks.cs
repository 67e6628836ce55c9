using System.Text.Json.Nodes;

namespace DeepSeekOrleans.ModelFactory.Gguf.Text;

/// <summary>SentencePiece's way with spaces, in the words of tokenizer.json: each is the mark ▁, and a text begins with one.</summary>
internal static class SpaceMarks
{
    private const string Mark = "▁";

    public static JsonObject Normalizer(bool prepends)
    {
        JsonArray steps = [];
        if (prepends)
        {
            steps.Add(new JsonObject { ["type"] = "Prepend", ["prepend"] = Mark });
        }

        steps.Add(Replace(" ", Mark));
        return new JsonObject { ["type"] = "Sequence", ["normalizers"] = steps };
    }

    public static JsonObject Decoder(bool prepends)
    {
        JsonArray steps = [Replace(Mark, " "), new JsonObject { ["type"] = "ByteFallback" }, new JsonObject { ["type"] = "Fuse" }];
        if (prepends)
        {
            steps.Add(new JsonObject { ["type"] = "Strip", ["content"] = " ", ["start"] = 1, ["stop"] = 0 });
        }

        return new JsonObject { ["type"] = "Sequence", ["decoders"] = steps };
    }

    private static JsonObject Replace(string pattern, string content) => new()
    {
        ["type"] = "Replace",
        ["pattern"] = new JsonObject { ["String"] = pattern },
        ["content"] = content,
    };
}
