using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Routing;

namespace DeepSeekOrleans.Grains.Tests.Routing;

public sealed class WorkerTableTests
{
    [Fact]
    public void Update_RandomChanges_KeepsTheLowestAndTheSums()
    {
        var random = new Random(3);
        var table = new WorkerTable(worker => worker.LoadPerSlot);
        var present = new List<WorkerView>();
        for (int change = 0; change < 5_000; change++)
        {
            Change(table, present, random);

            WorkerView[] open = [.. present.Where(worker => worker is { Serves: true, HasRoom: true })];
            Assert.Equal(open.Select(worker => worker.Id).Order(), table.Open.Select(worker => worker.Id).Order());
            Assert.Equal(open.Length == 0 ? null : open.Min(worker => worker.LoadPerSlot), table.Lowest?.LoadPerSlot);
            Assert.Equal(present.Where(worker => worker.Serves).Sum(worker => worker.Load), table.Load);
            Assert.Equal(present.Where(worker => worker.Serves).Sum(worker => worker.Status.Slots), table.Slots);
        }
    }

    [Fact]
    public void FindLowest_SomeAccepted_TakesTheFirstOfThemInTheOrderOfRanks()
    {
        var random = new Random(5);
        var table = new WorkerTable(worker => worker.LoadPerSlot);
        var present = new List<WorkerView>();
        for (int change = 0; change < 2_000; change++)
        {
            Change(table, present, random);
            HashSet<int> accepted = [.. table.Open.Select(worker => worker.Id).Where(_ => random.Next(4) == 0)];
            int most = random.Next(1, 12);

            WorkerView? found = table.FindLowest((worker, _) => accepted.Contains(worker.Id), most);

            double? expected = table.Open.Where(worker => accepted.Contains(worker.Id)).Min(worker => (double?)worker.LoadPerSlot);
            int better = table.Open.Count(worker => worker.LoadPerSlot < expected);
            int atMostAsGood = table.Open.Count(worker => worker.LoadPerSlot <= expected);
            Assert.True(found is null || found.LoadPerSlot == expected, $"found {found?.LoadPerSlot}, best is {expected}");
            Assert.False(found is null && atMostAsGood > 0 && atMostAsGood <= most, $"did not find {expected} within {most}, behind {better}");
            Assert.False(found is not null && better >= most, $"looked at more than {most}");
        }
    }

    private static void Change(WorkerTable table, List<WorkerView> present, Random random)
    {
        if (present.Count == 0 || random.Next(4) == 0)
        {
            var added = new WorkerView(table.NextId, Reports.Of("w", slots: random.Next(1, 5)));
            table.Add(added);
            present.Add(added);
            return;
        }

        WorkerView worker = present[random.Next(present.Count)];
        switch (random.Next(5))
        {
            case 0:
                table.Remove(worker);
                present.Remove(worker);
                return;
            case 1:
                worker.Release();
                break;
            case 2:
                worker.Distrust();
                break;
            case 3:
                worker.Report(worker.Status with { State = random.Next(3) == 0 ? WorkerState.Loading : WorkerState.Ready });
                break;
            default:
                worker.Book(10, 1);
                break;
        }

        table.Update(worker);
    }
}
