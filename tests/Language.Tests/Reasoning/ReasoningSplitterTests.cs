namespace DeepSeekOrleans.Language.Tests.Reasoning;

public sealed class ReasoningSplitterTests
{
    [Theory]
    [InlineData(true, "a thought\n</think>\n\nthe answer", "a thought\n", "the answer")]
    [InlineData(false, "<think>\na thought</think>\r\nthe answer\n", "a thought", "the answer\n")]
    [InlineData(false, "no thought, 1 < 2", "", "no thought, 1 < 2")]
    [InlineData(true, "never closed </thin", "never closed </thin", "")]
    [InlineData(true, "</think>", "", "")]
    [InlineData(true, "x</think>\n\n\nanswer <b>", "x", "answer <b>")]
    [InlineData(false, "<<think>t</think>a", "t", "<a")]
    public void Append_AnyCutting_SortsAlike(bool startsInside, string text, string reasoning, string content)
    {
        for (int size = 1; size <= text.Length; size++)
        {
            ReasoningSplitter splitter = new(startsInside);
            List<ReasoningDelta> deltas = [];
            for (int at = 0; at < text.Length; at += size)
            {
                deltas.Add(splitter.Append(text[at..Math.Min(at + size, text.Length)]));
            }

            deltas.Add(splitter.Flush());

            Assert.Equal(reasoning, string.Concat(deltas.Select(delta => delta.Reasoning)));
            Assert.Equal(content, string.Concat(deltas.Select(delta => delta.Content)));
        }
    }
}
