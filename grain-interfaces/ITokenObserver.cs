namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>A frontend's ear: workers push the tokens of all its streams here, one message per engine step.</summary>
[Alias("deepseek.ITokenObserver")]
public interface ITokenObserver : IGrainObserver
{
    /// <summary>
    /// Takes a message in; it returns at once. A worker has one message under way to each frontend and joins what comes meanwhile, which
    /// keeps the messages in order; a frontend that does not answer is taken for dead, and its streams are cancelled.
    /// </summary>
    [ResponseTimeout("00:00:01.500")]
    Task OnTokensAsync(TokenBatch batch);
}
