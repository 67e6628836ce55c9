using DeepSeekOrleans.Benchmarks.Peers;

namespace DeepSeekOrleans.Benchmarks.Engine;

/// <summary>llama.cpp, called as its own batched benchmark calls it.</summary>
internal sealed class LlamaDecoder(LlamaModel model, LlamaContext context, int vocabulary) : IDecoder
{
    private readonly float[] _logits = new float[vocabulary];
    private bool _checked;

    public int Vocabulary => vocabulary;

    public void Prefill(ReadOnlySpan<int> prompt)
    {
        context.Truncate(0, 0);
        for (int start = 0; start < prompt.Length;)
        {
            int end = Math.Min(prompt.Length, start + context.Room);
            int last = 0;
            for (int position = start; position < end; position++)
            {
                last = context.Add(0, position, prompt[position], wantsLogits: position == prompt.Length - 1);
            }

            context.Run();
            start = end;
            if (end == prompt.Length)
            {
                context.Logits(last, vocabulary).CopyTo(_logits);
                RefuseNonsense();
            }
        }
    }

    public void Spread(int sequences, int length)
    {
        for (int sequence = 1; sequence < sequences; sequence++)
        {
            context.Copy(0, sequence);
        }
    }

    public void Truncate(int sequences, int length)
    {
        for (int sequence = 0; sequence < sequences; sequence++)
        {
            context.Truncate(sequence, length);
        }
    }

    public void Decode(ReadOnlySpan<int> tokens, int position)
    {
        for (int sequence = 0; sequence < tokens.Length; sequence++)
        {
            context.Add(sequence, position, tokens[sequence], wantsLogits: true);
        }

        context.Run();
        for (int sequence = 0; sequence < tokens.Length; sequence++)
        {
            context.Logits(sequence, vocabulary).CopyTo(_logits);
        }
    }

    // A peer that computes nothing would be fast.
    private void RefuseNonsense()
    {
        if (_checked)
        {
            return;
        }

        _checked = true;
        if (!_logits.All(float.IsFinite) || _logits.Distinct().Take(2).Count() < 2)
        {
            throw new InvalidOperationException("llama.cpp's logits are not finite or all equal");
        }
    }

    public void Dispose()
    {
        context.Dispose();
        model.Dispose();
    }
}
