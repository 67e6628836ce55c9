using DeepSeekOrleans.Frontend.Tests.Admission;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Tests.Cluster;

/// <summary>Answers in the demo model's own tokens.</summary>
internal static class Answer
{
    public static int EndToken => DemoModel.Language.EndTokenIds[0];

    public static ScriptedAnswer Of(string text) => new([.. Ids(text), EndToken], StreamFinish.Stop);

    public static ScriptedAnswer Cut(string text) => new(Ids(text), StreamFinish.Length);

    public static int[] Ids(string text) => DemoModel.Language.Tokenizer.Encode(text, DeepSeekOrleans.Language.ControlTokens.Recognized);
}
