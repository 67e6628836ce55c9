using DeepSeekOrleans.Frontend.Generation;

namespace DeepSeekOrleans.Frontend.Tests.Generation;

public sealed class MoveRecordTests
{
    private readonly StreamOptions _options = new() { MaxWorkersLost = 2, MaxMoves = 3 };

    [Fact]
    public void Refuse_SecondWorkerLost_GivesUp()
    {
        var record = new MoveRecord(_options);

        GenerationFailure?[] refusals = [record.Refuse(GenerationFailure.WorkerLost, 1), record.Refuse(GenerationFailure.WorkerLost, 1)];

        Assert.Equal([null, GenerationFailure.WorkersLost], refusals);
    }

    [Fact]
    public void TakeBack_WorkerSpokeAgain_CountsNeitherLossNorMove()
    {
        var record = new MoveRecord(_options);

        for (int silence = 0; silence < 2 * _options.MaxMoves; silence++)
        {
            Assert.Null(record.Refuse(GenerationFailure.WorkerLost, 1));
            record.TakeBack();
        }

        Assert.Null(record.Refuse(GenerationFailure.WorkerLost, 1));
        Assert.Equal(GenerationFailure.WorkersLost, record.Refuse(GenerationFailure.WorkerLost, 1));
    }
}
